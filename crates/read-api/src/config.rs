//! What the function is told at start, all by environment.
//!
//! | name | default | meaning |
//! |---|---|---|
//! | `TABLE_NAME` | – | the products' table |
//! | `VALKEY_URL` and others | – | the cache; see [`lambda_support::valkey`] |
//! | `CACHE_NAMESPACE` | `tidemark` | what keys begin with |
//! | `S_MAXAGE` | 60 | seconds the edge may keep a product |
//! | `ABSENT_S_MAXAGE` | 5 | seconds the edge may keep a 404 |
//! | `MAX_AGE` | 0 | seconds a browser may keep a product without asking; no purge reaches it |
//! | `STALE_WHILE_REVALIDATE` | 30 | seconds past its time an answer may stand in while it is refreshed |
//! | `STALE_IF_ERROR` | 600 | seconds past its time an answer may stand in when what is behind it has failed |
//! | `MEMORY_BYTES` | 16777216 | how much of the process's memory bodies may take; 0: none |
//! | `ORIGIN_SECRET` | none | if set, requests must carry it in `X-Origin-Secret` |
//! | `ORIGIN_SECRET_PREVIOUS` | none | one that they may carry instead, until the edge has the other everywhere |
//! | `PRIVATE_PRODUCTS` | `no` | `yes`: products are at `/api/private/products/{id}` as well, for an edge that checks signatures there. Without `ORIGIN_SECRET`, whoever reaches the API past that edge opens them |
//! | `METRICS`, `METRICS_SECONDS` | `emf`, 5 | see [`lambda_support::metrics::settings`] |
//!
//! How products are cached is set by the names in [`lambda_support::policy`], how lists are by the same names with `LIST_`
//! before them; `STALE_WHILE_REVALIDATE` and `STALE_IF_ERROR` hold for cache and edge alike.

use std::time::Duration;

use cache::Policy;
use catalog::keys::{list_policy, product_policy};
use lambda_support::clients::CacheSettings;
use lambda_support::policy::read_policy;
use lambda_support::{ConfigError, MetricsSettings, Secret, Settings};

/// The function's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The products' table.
    pub table: String,
    /// The cache.
    pub cache: CacheSettings,
    /// How products are cached.
    pub products: Policy,
    /// How lists are.
    pub lists: Policy,
    /// What answers say of their freshness.
    pub freshness: Freshness,
    /// Whether products are served under the path that the edge guards by signatures.
    pub private_products: bool,
    /// What is measured.
    pub metrics: MetricsSettings,
    /// What requests must show, if anything.
    pub origin_secret: Option<Secret>,
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
        let memory_bytes = settings.number("MEMORY_BYTES", 16 << 20, 0, 1 << 30);
        let cache = CacheSettings::read(&mut settings).map(|cache| CacheSettings { memory_bytes, ..cache });
        let products = read_policy(&mut settings, "", product_policy());
        let lists = read_policy(&mut settings, "LIST_", list_policy());
        let freshness = Freshness {
            s_maxage: settings.seconds("S_MAXAGE", 60),
            absent_s_maxage: settings.seconds("ABSENT_S_MAXAGE", 5),
            max_age: settings.seconds("MAX_AGE", 0),
            stale_while_revalidate: products.stale_while_revalidate,
            stale_if_error: products.stale_if_error,
        };
        let origin_secret = read_secret(&mut settings);
        let private_products = settings.one_of("PRIVATE_PRODUCTS", &[("yes", true), ("no", false)], false);
        let metrics = MetricsSettings::read_gathering(&mut settings, env!("CARGO_PKG_NAME"));
        settings.finish(|| {
            let cache = cache?;
            Some(Config {
                table,
                cache,
                products,
                lists,
                freshness,
                private_products,
                metrics,
                origin_secret,
            })
        })
    }
}

fn read_secret(settings: &mut Settings<'_>) -> Option<Secret> {
    let secret = settings.optional("ORIGIN_SECRET").map(Secret::new);
    match (secret, settings.optional("ORIGIN_SECRET_PREVIOUS")) {
        (Some(secret), Some(previous)) => Some(secret.or(previous)),
        // Taken for one, the API would be open to everybody.
        (None, Some(_)) => {
            settings
                .mistake("ORIGIN_SECRET is missing, beside which ORIGIN_SECRET_PREVIOUS is taken".to_owned());
            None
        }
        (secret, None) => secret,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(more: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let needed = [("TABLE_NAME", "products"), ("VALKEY_URL", "redis://127.0.0.1:1")];
        let look_up = |name: &str| {
            let found = more.iter().chain(&needed).find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Config::read(&look_up)
    }

    #[test]
    fn the_previous_secret_opens_the_api_only_beside_the_current_one() {
        assert!(read(&[]).unwrap().origin_secret.is_none());
        let opened_by = |given: &[(&str, &str)]| {
            let secret = read(given).unwrap().origin_secret.unwrap();
            ["new", "old", ""].map(|shown| secret.is(shown.as_bytes()))
        };
        let (current, previous) = (("ORIGIN_SECRET", "new"), ("ORIGIN_SECRET_PREVIOUS", "old"));
        assert_eq!(opened_by(&[current]), [true, false, false]);
        assert_eq!(opened_by(&[current, previous]), [true, true, false]);
        assert_eq!(opened_by(&[current, ("ORIGIN_SECRET_PREVIOUS", "")]), [true, false, false]);
        let error = read(&[previous]).unwrap_err().to_string();
        assert!(error.contains("ORIGIN_SECRET is missing") && !error.contains("old"), "{error}");
    }

    #[test]
    fn neither_secret_is_printed() {
        let config = read(&[("ORIGIN_SECRET", "hunter2"), ("ORIGIN_SECRET_PREVIOUS", "tr0ub4dor")]).unwrap();
        let printed = format!("{config:?}");
        assert!(!printed.contains("hunter2") && !printed.contains("tr0ub4dor"), "{printed}");
    }
}
