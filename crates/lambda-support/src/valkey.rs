//! Where the cache is and how to get in, from the environment.
//!
//! | name | default | meaning |
//! |---|---|---|
//! | `VALKEY_URL` | – | `redis://[user:password@]host[:port]`, or `rediss://` for TLS; several, separated by commas, are nodes of one cluster |
//! | `VALKEY_FORM` | `node`, `cluster` for several URLs | `cluster` for ElastiCache serverless and cluster mode |
//! | `VALKEY_CA_FILE` | Mozilla's list | a PEM file with the only authorities to trust |
//! | `VALKEY_CONNECT_TIMEOUT_MS` | 500 | how long connecting may take, TLS and login included |
//! | `VALKEY_RESPONSE_TIMEOUT_MS` | 1000 | a connection that leaves requests unanswered for longer is replaced |
//! | `VALKEY_IAM_USER` | none | logs in to ElastiCache with the function's own IAM identity, as this user |
//! | `VALKEY_IAM_CACHE` | – | with it: the cache's name or the replication group's id |
//! | `VALKEY_IAM_SERVERLESS` | `no` | with it: whether the cache is a serverless one |
//! | `INVALIDATION_REPLICAS` | 0 | how many replicas must have an invalidation before it counts as done |
//! | `INVALIDATION_REPLICAS_MS` | 100 | how long to wait for them |

use aws_config::SdkConfig;
use cache_valkey::{Form, IamLogin, Login, Replicas, ValkeyConfig, ValkeyStore};
use lambda_runtime::Error;

use crate::clients::aws;
use crate::settings::Settings;

/// Where the cache is and how to get in.
#[derive(Debug, Clone)]
pub struct ValkeySettings {
    config: ValkeyConfig,
    iam: Option<Iam>,
}

/// An IAM login whose credentials are not known yet.
#[derive(Debug, Clone)]
struct Iam {
    user: String,
    cache: String,
    serverless: bool,
}

impl ValkeySettings {
    /// Reads them; `None` if a mistake was noted.
    pub fn read(settings: &mut Settings<'_>) -> Option<ValkeySettings> {
        let url = settings.required("VALKEY_URL", "the cache's URL, such as redis://host:6379");
        let config = settings.checked("VALKEY_URL", &url, ValkeyConfig::from_url);
        let default_form = config.as_ref().map(|config| config.form).unwrap_or_default();
        let forms = [("node", Form::Node), ("cluster", Form::Cluster)];
        let form = settings.one_of("VALKEY_FORM", &forms, default_form);
        let ca = settings.optional("VALKEY_CA_FILE").and_then(|path| {
            let read =
                |path: &str| std::fs::read(path).map_err(|error| format!("{path} cannot be read: {error}"));
            settings.checked("VALKEY_CA_FILE", &path, read)
        });
        let connect_timeout = settings.milliseconds("VALKEY_CONNECT_TIMEOUT_MS", 500);
        let response_timeout = settings.milliseconds("VALKEY_RESPONSE_TIMEOUT_MS", 1_000);
        let count = settings.number("INVALIDATION_REPLICAS", 0, 0, 5);
        let within = settings.milliseconds("INVALIDATION_REPLICAS_MS", 100);
        let iam = Iam::read(settings);
        if iam.is_some() && !url.starts_with("rediss://") {
            let what = "VALKEY_IAM_USER: an IAM login needs TLS: VALKEY_URL must begin with rediss://";
            settings.mistake(what.to_owned());
        }
        let replicas = (count > 0).then_some(Replicas { count, within });
        let mut config = config?;
        (config.form, config.ca, config.replicas) = (form, ca, replicas);
        (config.connect_timeout, config.response_timeout) = (connect_timeout, response_timeout);
        // The credentials come later; whether the rest goes together shows without them.
        let checked = config
            .check()
            .map_err(|error| settings.mistake(format!("the cache's settings do not go together: {error}")));
        checked.ok().map(|()| ValkeySettings { config, iam })
    }

    /// A store that connects at its first operation. AWS is asked only for an IAM login.
    pub async fn store(&self) -> Result<ValkeyStore, Error> {
        let mut config = self.config.clone();
        if let Some(iam) = &self.iam {
            config.login = Login::Iam(iam.login(aws().await)?);
        }
        Ok(ValkeyStore::new(config)?)
    }
}

impl Iam {
    fn read(settings: &mut Settings<'_>) -> Option<Iam> {
        let serverless = settings.one_of("VALKEY_IAM_SERVERLESS", &[("yes", true), ("no", false)], false);
        let user = settings.optional("VALKEY_IAM_USER")?;
        let what = "with VALKEY_IAM_USER, the cache's name or the replication group's id";
        let cache = settings.required("VALKEY_IAM_CACHE", what);
        Some(Iam { user, cache, serverless })
    }

    fn login(&self, aws: &SdkConfig) -> Result<IamLogin, Error> {
        let region = aws.region().ok_or("an IAM login at the cache needs a region: set AWS_REGION")?;
        let credentials = aws.credentials_provider().ok_or("an IAM login at the cache needs credentials")?;
        Ok(IamLogin {
            user: self.user.clone(),
            cache: self.cache.clone(),
            serverless: self.serverless,
            region: region.to_string(),
            credentials,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn read(set: &[(&str, &str)]) -> Result<ValkeySettings, String> {
        let look_up =
            |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mut settings = Settings::new(&look_up);
        let valkey = ValkeySettings::read(&mut settings);
        settings.finish(|| valkey).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_is_all_it_takes() {
        let valkey = read(&[("VALKEY_URL", "redis://cache:6379")]).unwrap();
        assert_eq!((valkey.config.form, valkey.config.replicas), (Form::Node, None));
        let several = read(&[("VALKEY_URL", "rediss://a:6379,rediss://b:6379")]).unwrap();
        assert_eq!(several.config.form, Form::Cluster);
    }

    #[test]
    fn every_form_can_be_set() {
        let valkey = read(&[
            ("VALKEY_URL", "rediss://cache:6379"),
            ("VALKEY_FORM", "cluster"),
            ("INVALIDATION_REPLICAS", "1"),
            ("INVALIDATION_REPLICAS_MS", "50"),
            ("VALKEY_IAM_USER", "functions"),
            ("VALKEY_IAM_CACHE", "tidemark"),
            ("VALKEY_IAM_SERVERLESS", "yes"),
        ])
        .unwrap();
        assert_eq!(valkey.config.form, Form::Cluster);
        assert_eq!(valkey.config.replicas, Some(Replicas { count: 1, within: Duration::from_millis(50) }));
        assert!(valkey.iam.is_some_and(|iam| iam.serverless && iam.cache == "tidemark"));
    }

    #[test]
    fn every_mistake_is_listed_and_no_password_among_them() {
        let error = read(&[
            ("VALKEY_URL", "redis://user:secret@cache:6379/1"),
            ("VALKEY_FORM", "ring"),
            ("VALKEY_CA_FILE", "/nowhere/ca.pem"),
            ("VALKEY_IAM_USER", "functions"),
        ])
        .unwrap_err();
        for part in [
            "VALKEY_FORM",
            "/nowhere/ca.pem cannot be read",
            "VALKEY_IAM_CACHE is missing",
            "an IAM login needs TLS",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(!error.contains("secret"), "{error}");
        let together = read(&[("VALKEY_URL", "redis://cache/3"), ("VALKEY_FORM", "cluster")]).unwrap_err();
        assert!(together.contains("a cluster has only database 0"), "{together}");
    }
}
