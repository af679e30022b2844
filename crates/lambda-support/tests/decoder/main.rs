//! Whatever stands in a condition or in the environment, it is understood or refused, and no refusal shows a secret.
//!
//! An ordinary test run plays the corpus beside each target (`__fuzz__/<target>/corpus`) and random inputs of a second; with
//! `cargo bolero test <target> --package lambda-support` a coverage-guided fuzzer searches, and adds to the corpus.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use cache::{Policy, Version};
use catalog::Condition;
use lambda_support::clients::CacheSettings;
use lambda_support::etag::{etag, if_match, none_match};
use lambda_support::policy::read_policy;
use lambda_support::{Secret, Settings};

#[test]
fn conditions() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let own = "\"7-00001a2b\"";
        if none_match(&text, own) {
            assert!(text.trim() == "*" || text.contains(own), "{text:?}");
        }
        match if_match(&text) {
            Ok(Condition::Any) => assert_eq!(text.trim(), "*"),
            Ok(Condition::OneOf(versions)) => {
                assert!(versions.len() <= text.matches('"').count() / 2);
                let named = |version: &Version| text.contains(&version.to_string());
                // Leading zeros are another spelling of a version; the tag was never given out, and no harm is done.
                assert!(text.contains("\"0") || versions.iter().all(named), "{text:?}: {versions:?}");
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}

#[test]
fn tags_given_out_are_understood() {
    bolero::check!().with_type::<(u64, u32, u64, u32, bool)>().for_each(
        |(version, hash, other, hash2, weak)| {
            let (own, foreign) = (etag(Version(*version), *hash), etag(Version(*other), *hash2));
            let sent = format!("{foreign} , {}{own}", if *weak { "W/" } else { "" });
            assert!(none_match(&sent, &own));
            assert_eq!(none_match(&foreign, &own), foreign == own);
            assert_eq!(if_match(&sent), Ok(Condition::OneOf(vec![Version(*other), Version(*version)])));
        },
    );
}

#[test]
fn environments() {
    const PASSWORD: &str = "hunter2hunter2";
    bolero::check!().with_type::<(String, String, String)>().for_each(|(url, number, word)| {
        for url in [format!("rediss://u:{PASSWORD}@{url}"), format!("{url}:{PASSWORD}@cache"), url.clone()] {
            let look_up = |name: &str| match name {
                "VALKEY_URL" => Some(url.clone()),
                "VALKEY_FORM" | "CACHE_NAMESPACE" | "VALKEY_IAM_USER" | "BYPASS" => Some(word.clone()),
                _ => Some(number.clone()),
            };
            let mut settings = Settings::new(&look_up);
            let cache = CacheSettings::read(&mut settings);
            let policy = read_policy(&mut settings, "", Policy::default());
            match settings.finish(|| Some((cache?, policy))) {
                Ok((cache, policy)) => {
                    assert!(policy.wait >= policy.lease && policy.jitter <= 0.5);
                    assert!(!format!("{cache:?}").contains(PASSWORD));
                }
                Err(error) => assert!(!error.to_string().contains(PASSWORD), "{error}"),
            }
        }
    });
}

#[test]
fn secrets() {
    bolero::check!().with_type::<(String, String, Vec<u8>)>().for_each(|(word, other, shown)| {
        let secret = Secret::new(word.as_str());
        assert!(secret.is(word.as_bytes()));
        assert_eq!(secret.is(shown), word.as_bytes() == shown);
        let either = secret.or(other.as_str());
        assert!(either.is(word.as_bytes()) && either.is(other.as_bytes()));
        assert_eq!(either.is(shown), word.as_bytes() == shown || other.as_bytes() == shown);
        assert_eq!(format!("{either:?}"), "Secret(..)");
    });
}
