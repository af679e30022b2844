//! What a function is asked, out of an event of API Gateway.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::headers::{EDGE_REQUEST_ID, MIN_VERSION, ORIGIN_BEHAVIOUR, ORIGIN_SECRET};

/// The headers a function reads; no other is kept. API Gateway sends names in lower case, and joins repeated ones by commas.
const KEPT: [HeaderName; 10] = [
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::VIA,
    HeaderName::from_static("x-amzn-trace-id"),
    EDGE_REQUEST_ID,
    MIN_VERSION,
    ORIGIN_BEHAVIOUR,
    ORIGIN_SECRET,
];

/// A request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its path, as API Gateway gives it (`rawPath`).
    pub path: String,
    /// Its query string, still encoded; empty if there is none.
    pub query: String,
    /// Those of its headers that a function reads: conditions, `Cache-Control`, `Content-Type`, `Via` and what belongs
    /// to the edge and to this system.
    pub headers: HeaderMap,
    /// Its body, decoded from base64 where that is how it came.
    pub body: Bytes,
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Request, D::Error> {
        #[derive(Deserialize)]
        struct Event<'a> {
            #[serde(rename = "rawPath")]
            path: String,
            // `null` where `cargo lambda watch` has none.
            #[serde(rename = "rawQueryString")]
            query: Option<String>,
            #[serde(default)]
            headers: Kept,
            #[serde(rename = "requestContext", borrow)]
            context: RequestContext<'a>,
            #[serde(default, borrow)]
            body: Option<Cow<'a, str>>,
            #[serde(rename = "isBase64Encoded", default)]
            encoded: bool,
        }
        #[derive(Deserialize)]
        struct RequestContext<'a> {
            #[serde(borrow)]
            http: Http<'a>,
        }
        #[derive(Deserialize)]
        struct Http<'a> {
            #[serde(borrow)]
            method: Cow<'a, str>,
        }
        let event = Event::deserialize(deserializer)?;
        let method = Method::from_bytes(event.context.http.method.as_bytes()).map_err(de::Error::custom)?;
        let body = match event.body {
            None => Bytes::new(),
            Some(text) if event.encoded => {
                let decoded = STANDARD.decode(text.as_bytes());
                decoded.map_err(|error| de::Error::custom(format!("the body is not base64: {error}")))?.into()
            }
            Some(text) => Bytes::from(text.into_owned()),
        };
        Ok(Request {
            method,
            path: event.path,
            query: event.query.unwrap_or_default(),
            headers: event.headers.0,
            body,
        })
    }
}

/// The headers that are kept. A value that is none in HTTP is left out, as if it had not been sent.
#[derive(Default)]
struct Kept(HeaderMap);

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Kept, D::Error> {
        struct Headers;
        impl<'de> Visitor<'de> for Headers {
            type Value = Kept;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of headers")
            }

            fn visit_unit<E>(self) -> Result<Kept, E> {
                Ok(Kept::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut sent: A) -> Result<Kept, A::Error> {
                let mut kept = HeaderMap::with_capacity(KEPT.len());
                while let Some(name) = sent.next_key::<Name>()? {
                    let Some(name) = name.0 else {
                        sent.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    if let Ok(value) = HeaderValue::try_from(sent.next_value::<String>()?) {
                        kept.insert(name, value);
                    }
                }
                Ok(Kept(kept))
            }
        }
        deserializer.deserialize_any(Headers)
    }
}

/// A header's name, if it is kept.
struct Name(Option<HeaderName>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header's name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(Name(KEPT.iter().find(|kept| name.eq_ignore_ascii_case(kept.as_str())).cloned()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
    use serde_json::{Value, json};

    use super::*;

    fn event(change: impl FnOnce(&mut Value)) -> serde_json::Result<Request> {
        let sample = include_str!("../../../../events/read-api/get.json");
        let mut event: Value = serde_json::from_str(sample).unwrap();
        change(&mut event);
        serde_json::from_str(&event.to_string())
    }

    #[test]
    fn a_request_is_read_as_it_was_sent() {
        let request = event(|event| {
            event["rawPath"] = json!("/api/products/a%23b?c d<");
            event["rawQueryString"] = json!("x=<&y=%3f");
            event["headers"]["If-None-Match"] = json!("\"7-1\", \"8-2\"");
            event["headers"]["x-forwarded-proto"] = json!("no scheme");
        })
        .unwrap();
        assert_eq!((request.method, request.body), (Method::GET, Bytes::new()));
        assert_eq!(
            (request.path.as_str(), request.query.as_str()),
            ("/api/products/a%23b?c d<", "x=<&y=%3f")
        );
        assert_eq!(request.headers["if-none-match"], "\"7-1\", \"8-2\"");
        assert!(!request.headers.contains_key("x-forwarded-proto"), "what nobody reads is not kept");
    }

    #[test]
    fn a_header_that_is_none_is_left_out_and_none_at_all_are_fine() {
        let request = event(|event| event["headers"]["if-match"] = json!("a\r\nb")).unwrap();
        assert!(!request.headers.contains_key("if-match"));
        assert!(event(|event| event["headers"] = Value::Null).unwrap().headers.is_empty());
    }

    #[test]
    fn what_there_is_none_of_may_be_null_or_left_out() {
        let fields = ["rawQueryString", "headers", "body"];
        let nothing = event(|event| fields.iter().for_each(|name| event[name] = Value::Null)).unwrap();
        let left_out = |event: &mut Value| {
            let event = event.as_object_mut().unwrap();
            event.retain(|name, _| !fields.contains(&name.as_str()) && name != "isBase64Encoded");
        };
        assert_eq!(event(left_out).unwrap(), nothing);
        assert_eq!((nothing.query.as_str(), nothing.headers.len(), nothing.body.len()), ("", 0, 0));
    }

    #[test]
    fn local_emulators_write_null_for_what_there_is_none_of() {
        let sample = include_str!("../../../../events/read-api/get.json");
        let mut emulated: ApiGatewayV2httpRequest = serde_json::from_str(sample).unwrap();
        emulated.raw_query_string = None;
        let emulated = serde_json::to_string(&emulated).unwrap();
        assert!(emulated.contains("\"rawQueryString\":null"), "{emulated}");
        assert_eq!(serde_json::from_str::<Request>(&emulated).unwrap(), event(|_| ()).unwrap());
    }

    #[test]
    fn a_body_is_taken_as_it_is_or_decoded() {
        let body = |text: &str, encoded: bool| {
            event(|event| {
                event["body"] = json!(text);
                event["isBase64Encoded"] = json!(encoded);
            })
        };
        assert_eq!(body("{\"a\": \"é\"}", false).unwrap().body, "{\"a\": \"é\"}");
        assert_eq!(body("eyJhIjoxfQ==", true).unwrap().body, "{\"a\":1}");
        assert!(body("?", true).unwrap_err().to_string().contains("not base64"));
    }

    #[test]
    fn what_is_no_http_event_is_refused() {
        assert!(serde_json::from_str::<Request>("{}").is_err());
        assert!(event(|event| event["requestContext"]["http"]["method"] = json!("G T")).is_err());
    }
}
