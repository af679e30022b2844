//! What the function is told at start, all by environment.
//!
//! | name | default | meaning |
//! |---|---|---|
//! | `TABLE_NAME` | – | the products' table |
//! | `VALKEY_URL` | – | the cache |
//! | `CACHE_NAMESPACE` | `tidemark` | what keys begin with |
//! | `FRESH_SECONDS` | 600 | how long a product is fresh in the cache |
//! | `ABSENT_SECONDS` | 30 | how long "no such product" is |
//! | `S_MAXAGE` | 60 | seconds the edge may keep a product |
//! | `ABSENT_S_MAXAGE` | 5 | seconds the edge may keep a 404 |
//! | `MAX_AGE` | 0 | seconds a browser may keep a product without asking; no purge reaches it |
//! | `STALE_WHILE_REVALIDATE` | 30 | seconds past its time an answer may stand in while it is refreshed |
//! | `STALE_IF_ERROR` | 600 | seconds past its time an answer may stand in when what is behind it has failed |
//! | `CACHE_TIMEOUT_MS` | 150 | how long one operation of the cache may take |
//! | `LOAD_TIMEOUT_MS` | 1500 | how long one load from the table may take |
//! | `LEASE_MS` | 1000 | how long one caller may load a product alone |
//! | `ORIGIN_SECRET` | none | if set, requests must carry it in `X-Origin-Secret` |

use std::time::Duration;

use cache::Policy;
use catalog::keys::product_policy;
use lambda_support::clients::CacheSettings;
use lambda_support::{ConfigError, Settings};

/// The function's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The products' table.
    pub table: String,
    /// The cache.
    pub cache: CacheSettings,
    /// How products are cached.
    pub policy: Policy,
    /// What answers say of their freshness.
    pub freshness: Freshness,
    /// What requests must show, if anything.
    pub origin_secret: Option<String>,
}

/// What answers say of their freshness, in whole seconds.
#[derive(Debug, Clone)]
pub struct Freshness {
    /// For the edge, a product.
    pub s_maxage: Duration,
    /// For the edge, a 404.
    pub absent_s_maxage: Duration,
    /// For browsers.
    pub max_age: Duration,
    /// Past its time, while refreshed.
    pub stale_while_revalidate: Duration,
    /// Past its time, when what is behind has failed.
    pub stale_if_error: Duration,
}

impl Config {
    /// Reads the configuration, or reports every mistake in it.
    pub fn read(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let mut settings = Settings::new(look_up);
        let table = settings.required("TABLE_NAME", "the name of the products' table");
        let cache = CacheSettings::read(&mut settings);
        let stale_while_revalidate = settings.seconds("STALE_WHILE_REVALIDATE", 30);
        let stale_if_error = settings.seconds("STALE_IF_ERROR", 600);
        let base = product_policy();
        let policy = Policy {
            fresh_for: settings.seconds("FRESH_SECONDS", base.fresh_for.as_secs()),
            absent_for: settings.seconds("ABSENT_SECONDS", base.absent_for.as_secs()),
            store_timeout: settings.milliseconds("CACHE_TIMEOUT_MS", base.store_timeout.as_millis() as u64),
            load_timeout: settings.milliseconds("LOAD_TIMEOUT_MS", base.load_timeout.as_millis() as u64),
            lease: settings.milliseconds("LEASE_MS", base.lease.as_millis() as u64),
            stale_while_revalidate,
            stale_if_error,
            ..base
        };
        let freshness = Freshness {
            s_maxage: settings.seconds("S_MAXAGE", 60),
            absent_s_maxage: settings.seconds("ABSENT_S_MAXAGE", 5),
            max_age: settings.seconds("MAX_AGE", 0),
            stale_while_revalidate,
            stale_if_error,
        };
        let origin_secret = settings.optional("ORIGIN_SECRET");
        settings.finish(|| Some(Config { table, cache: cache?, policy, freshness, origin_secret }))
    }
}
