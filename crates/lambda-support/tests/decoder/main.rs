//! Whatever stands in an API's event, in a condition or in the environment, it is understood or refused, and no refusal shows
//! a secret.
//!
//! An ordinary test run plays the corpus beside each target (`__fuzz__/<target>/corpus`) and random inputs of a second; with
//! `cargo bolero test <target> --package lambda-support` a coverage-guided fuzzer searches, and adds to the corpus.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cache::{Policy, Version};
use catalog::Condition;
use http::{HeaderValue, Method};
use lambda_support::clients::CacheSettings;
use lambda_support::etag::{etag, if_match, none_match};
use lambda_support::gateway::Request;
use lambda_support::policy::read_policy;
use lambda_support::{Secret, Settings};
use serde_json::{Value, json};

#[test]
fn api_events() {
    bolero::check!().for_each(|bytes: &[u8]| {
        // A `Value` is refused for what a request does not even look at: nesting beyond its limit, huge numbers.
        let (Ok(request), Ok(event)) =
            (serde_json::from_slice::<Request>(bytes), serde_json::from_slice::<Value>(bytes))
        else {
            return;
        };
        assert_eq!(event["rawPath"], *request.path);
        assert_eq!(event["rawQueryString"].as_str().unwrap_or_default(), request.query);
        assert_eq!(event["requestContext"]["http"]["method"], *request.method.as_str());
        let sent: Vec<_> = event["headers"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
        for name in request.headers.keys() {
            assert!(sent.iter().any(|sent| sent.eq_ignore_ascii_case(name.as_str())), "{name}: {sent:?}");
        }
        if event["isBase64Encoded"] != true {
            assert_eq!(event["body"].as_str().unwrap_or_default().as_bytes(), request.body);
        }
    });
}

#[test]
fn requests_are_read_as_they_were_sent() {
    type Sent = (String, String, Option<String>, Option<Vec<u8>>, bool);
    bolero::check!().with_type::<Sent>().for_each(|(path, query, header, body, put)| {
        let method = if *put { Method::PUT } else { Method::GET };
        let event = json!({
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"X-Origin-Secret": header.as_deref().unwrap_or_default(), "host": path},
            "requestContext": {"http": {"method": method.as_str(), "path": query}},
            "body": body.as_ref().map(|body| STANDARD.encode(body)),
            "isBase64Encoded": true,
        });
        let request: Request = serde_json::from_str(&event.to_string()).unwrap();
        assert_eq!((&request.path, &request.query, &request.method), (path, query, &method));
        assert_eq!(request.body, body.as_deref().unwrap_or_default());
        let sent = HeaderValue::from_str(header.as_deref().unwrap_or_default()).ok();
        assert_eq!(request.headers.get("x-origin-secret"), sent.as_ref());
        assert!(!request.headers.contains_key("host"));
    });
}

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
