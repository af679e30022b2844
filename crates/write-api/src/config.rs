//! What the function is told at start, all by environment.
//!
//! | name | default | meaning |
//! |---|---|---|
//! | `TABLE_NAME` | – | the products' table |
//! | `VALKEY_URL` and others | – | the cache; see [`lambda_support::valkey`] |
//! | `CACHE_NAMESPACE` | `tidemark` | what keys begin with |
//! | `TELL_TIMEOUT_MS` | 500 | how long telling the cache of a write may take; after that the stream will do it |
//! | `METRICS`, `METRICS_SECONDS` | `emf`, 5 | see [`lambda_support::metrics::settings`] |

use std::time::Duration;

use lambda_support::clients::CacheSettings;
use lambda_support::{ConfigError, MetricsSettings, Settings};

/// The function's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The products' table.
    pub table: String,
    /// The cache.
    pub cache: CacheSettings,
    /// How long telling the cache of a write may take.
    pub tell_timeout: Duration,
    /// What is measured.
    pub metrics: MetricsSettings,
}

impl Config {
    /// Reads the configuration, or reports every mistake in it.
    pub fn read(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let mut settings = Settings::new(look_up);
        let table = settings.required("TABLE_NAME", "the name of the products' table");
        let cache = CacheSettings::read(&mut settings);
        let tell_timeout = settings.milliseconds("TELL_TIMEOUT_MS", 500);
        let metrics = MetricsSettings::read_gathering(&mut settings, env!("CARGO_PKG_NAME"));
        settings.finish(|| Some(Config { table, cache: cache?, tell_timeout, metrics }))
    }
}
