//! What the function is told at start, all by environment.
//!
//! | name | default | meaning |
//! |---|---|---|
//! | `VALKEY_URL` and others | – | the cache; see [`lambda_support::valkey`] |
//! | `CACHE_NAMESPACE` | `tidemark` | what keys begin with |
//! | `EVENT_BUS_NAME` | – | where changes and refused records are published |
//! | `TELL_TIMEOUT_MS` | 1000 | how long telling the cache of one product may take |
//! | `TELL_CONCURRENCY` | 64 | products told at once, on one connection |
//! | `METRICS` | `emf` | see [`lambda_support::metrics::settings`] |

use std::time::Duration;

use lambda_support::clients::CacheSettings;
use lambda_support::{ConfigError, MetricsSettings, Settings};

/// The function's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The cache.
    pub cache: CacheSettings,
    /// The event bus's name or ARN.
    pub bus: String,
    /// How long telling the cache of one product may take.
    pub tell_timeout: Duration,
    /// Products told at once.
    pub concurrency: usize,
    /// What is measured.
    pub metrics: MetricsSettings,
}

impl Config {
    /// Reads the configuration, or reports every mistake in it.
    pub fn read(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let mut settings = Settings::new(look_up);
        let cache = CacheSettings::read(&mut settings);
        let bus = settings.required("EVENT_BUS_NAME", "the name or ARN of the event bus");
        let tell_timeout = settings.milliseconds("TELL_TIMEOUT_MS", 1000);
        let concurrency = settings.number("TELL_CONCURRENCY", 64, 1, 1024);
        let metrics = MetricsSettings::read(&mut settings, env!("CARGO_PKG_NAME"));
        settings.finish(|| Some(Config { cache: cache?, bus, tell_timeout, concurrency, metrics }))
    }
}
