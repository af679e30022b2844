//! Whether metrics are written, and how often.
//!
//! | name | default | meaning |
//! |---|---|---|
//! | `METRICS` | `emf` | `off`: nothing is measured |
//! | `METRICS_SECONDS` | 5 | functions that answer requests: seconds between two times lines are written, at most 300; 0: after every request |
//! | `AWS_LAMBDA_FUNCTION_NAME` | the crate's name | the dimension `FunctionName`; Lambda sets it |
//!
//! Functions that take events write after every batch: a lag that shows only with the next batch, hours later, would show at
//! the wrong time.

use std::time::Duration;

use crate::settings::Settings;

/// Whether metrics are written, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsSettings {
    /// Whether anything is measured.
    pub on: bool,
    /// How long measurements are gathered at least.
    pub every: Duration,
    /// The dimension `FunctionName`.
    pub function: String,
}

impl MetricsSettings {
    /// Of a function that takes events: written after every batch. `own` is the crate's name.
    pub fn read(settings: &mut Settings<'_>, own: &str) -> Self {
        let on = settings.one_of("METRICS", &[("emf", true), ("off", false)], true);
        let function = settings.optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| own.to_owned());
        MetricsSettings { on, every: Duration::ZERO, function }
    }

    /// Of a function that answers requests: gathered over many.
    pub fn read_gathering(settings: &mut Settings<'_>, own: &str) -> Self {
        let every = Duration::from_secs(settings.number("METRICS_SECONDS", 5, 0, 300));
        MetricsSettings { every, ..MetricsSettings::read(settings, own) }
    }

    /// Nothing is measured.
    pub fn off() -> Self {
        MetricsSettings { on: false, every: Duration::ZERO, function: String::new() }
    }
}
