//! What the function is told at start, all by environment.
//!
//! | name | default | meaning |
//! |---|---|---|
//! | `EDGE_URL` | – | where viewers come in: `https://d123.cloudfront.net` |
//! | `API_URL` | – | the API behind the edge: `https://….amazonaws.com` |
//! | `ORIGIN_SECRET` | none | shown to the API, where it wants one; never to the edge |
//! | `AUDIT_QUEUE_URL` | – | the queue this function is fed from; its later looks wait there |
//! | `AUDIT_SAMPLE_PERCENT` | 10 | how many of a hundred changes are looked at, from 0 to 100, also 0.1 |
//! | `METRICS` | `emf` | `off`: nothing is measured |

use http::HeaderValue;
use http::uri::{Scheme, Uri};
use lambda_support::{ConfigError, MetricsSettings, Settings};

use crate::sample::Sample;

/// The function's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where viewers come in, without a slash at its end.
    pub edge: String,
    /// The API behind the edge, without a slash at its end.
    pub api: String,
    /// What the API wants to be shown. Marked as sensitive: it is in no log.
    pub origin_secret: Option<HeaderValue>,
    /// The URL of the queue the function is fed from.
    pub queue: String,
    /// Which changes are looked at.
    pub sample: Sample,
    /// Whether anything is measured.
    pub metrics: MetricsSettings,
}

/// Why a text is no base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be like https://example.org: http or https, a host, no query")]
struct BadBase;

/// Why a text is no header value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be made of visible ASCII characters")]
struct BadSecret;

impl Config {
    /// Reads the configuration, or reports every mistake in it.
    pub fn read(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let mut settings = Settings::new(look_up);
        let edge = settings.required("EDGE_URL", "where viewers come in, https://…");
        let edge = settings.checked("EDGE_URL", &edge, base);
        let api = settings.required("API_URL", "the API behind the edge, https://…");
        let api = settings.checked("API_URL", &api, base);
        let queue = settings.required("AUDIT_QUEUE_URL", "the URL of the queue this function is fed from");
        let secret = settings.optional("ORIGIN_SECRET").unwrap_or_default();
        let origin_secret = settings.checked("ORIGIN_SECRET", &secret, sensitive);
        let sample = Sample::percent(settings.number("AUDIT_SAMPLE_PERCENT", 10.0, 0.0, 100.0));
        let metrics = MetricsSettings::read(&mut settings, env!("CARGO_PKG_NAME"));
        settings.finish(|| Some(Config { edge: edge?, api: api?, origin_secret, queue, sample, metrics }))
    }
}

fn base(text: &str) -> Result<String, BadBase> {
    let uri: Uri = text.parse().map_err(|_| BadBase)?;
    let known = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&uri.scheme());
    let with_credentials = uri.authority().is_none_or(|authority| authority.as_str().contains('@'));
    if !known || with_credentials || uri.query().is_some() {
        return Err(BadBase);
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn sensitive(text: &str) -> Result<HeaderValue, BadSecret> {
    let mut value: HeaderValue = text.parse().map_err(|_| BadSecret)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(more: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let needed = [
            ("EDGE_URL", "https://d1.example.org/"),
            ("API_URL", "http://127.0.0.1:8080"),
            ("AUDIT_QUEUE_URL", "http://127.0.0.1/queue"),
        ];
        Config::read(&|name| {
            let found = more.iter().chain(&needed).find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let config = read(&[]).unwrap();
        assert_eq!(
            (config.edge.as_str(), config.api.as_str()),
            ("https://d1.example.org", "http://127.0.0.1:8080")
        );
        assert_eq!((config.origin_secret, config.sample), (None, Sample::percent(10.0)));
        assert_eq!(config.metrics.function, "consistency-auditor");
        assert_eq!(read(&[("AUDIT_SAMPLE_PERCENT", "0.1")]).unwrap().sample, Sample::percent(0.1));
    }

    #[test]
    fn a_secret_is_never_shown() {
        let config = read(&[("ORIGIN_SECRET", "hunter2")]).unwrap();
        assert_eq!(config.origin_secret, Some(HeaderValue::from_static("hunter2")));
        assert!(!format!("{config:?}").contains("hunter2"));
        let error = read(&[("ORIGIN_SECRET", "hunter\n2")]).unwrap_err().to_string();
        assert!(error.contains("ORIGIN_SECRET") && !error.contains("hunter"), "{error}");
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let error = Config::read(&|name| (name == "AUDIT_SAMPLE_PERCENT").then(|| "101".to_owned()));
        let error = error.unwrap_err().to_string();
        for part in
            ["EDGE_URL is missing", "API_URL is missing", "AUDIT_QUEUE_URL is missing", "from 0 to 100"]
        {
            assert!(error.contains(part), "{part}: {error}");
        }
        for odd in ["d1.example.org", "ftp://d1", "https://", "https://d1/?a=b", "/path", "https://u:p@d1"] {
            let error = read(&[("EDGE_URL", odd)]).unwrap_err().to_string();
            assert!(error.contains("EDGE_URL: it must be like https://"), "{odd}: {error}");
        }
    }
}
