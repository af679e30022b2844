//! HTTP requests as API Gateway hands them to a function (payload format 2.0), and the answers it takes.
//!
//! Only what the functions read is decoded, each as it was sent: no path or header is taken for a URL or changed by it. An
//! event is refused as a whole only if it is none, or if its body is said to be base64 and is not.
//!
//! Why not `lambda_http`? It decodes every field of the event, builds a URL of host, path and query, and panics where they
//! make none; a hit would spend a third of its instructions there.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response};
use lambda_runtime::Error;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use crate::headers::{EDGE_REQUEST_ID, MIN_VERSION, ORIGIN_BEHAVIOUR, ORIGIN_SECRET};
use crate::{runtime, settings};

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

/// Answers requests until Lambda ends the process. What is logged meanwhile carries the request's ids.
pub async fn serve<H, F>(handler: H) -> Result<(), Error>
where
    H: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    let address = settings::environment(runtime::ADDRESS).ok_or_else(|| {
        format!(
            "{} is not set: this is a Lambda function; `cargo lambda watch` runs it here",
            runtime::ADDRESS
        )
    })?;
    // A task finds its wake-up in the queue. The future that the process blocks on is woken through the driver: a system call
    // more for every answer of the network.
    tokio::spawn(async move { runtime::run(&address, |event| answer(&handler, event)).await }).await?
}

async fn answer<H, F>(handler: &H, event: Bytes) -> Result<Vec<u8>, Error>
where
    H: Fn(Request) -> F,
    F: Future<Output = Response<Bytes>>,
{
    // Some kilobytes, which would be copied with each future around it.
    let answer = Box::pin(handler(serde_json::from_slice(&event)?)).await;
    let mut text = Vec::with_capacity(answer.body().len() * 2 + 1024);
    serde_json::to_writer(&mut text, &Answer(answer))?;
    Ok(text)
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Request, D::Error> {
        #[derive(Deserialize)]
        struct Event<'a> {
            #[serde(rename = "rawPath")]
            path: String,
            #[serde(rename = "rawQueryString", default)]
            query: String,
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
        Ok(Request { method, path: event.path, query: event.query, headers: event.headers.0, body })
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

/// An answer as API Gateway takes it. A body that is no UTF-8 is sent as base64.
struct Answer(Response<Bytes>);

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Headers<'a>(&'a HeaderMap);
        impl Serialize for Headers<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(self.0.len()))?;
                for (name, value) in self.0 {
                    map.serialize_entry(name.as_str(), value.to_str().unwrap_or_default())?;
                }
                map.end()
            }
        }
        let body = self.0.body();
        let text = std::str::from_utf8(body).ok();
        let mut answer = serializer.serialize_struct("Answer", 4)?;
        answer.serialize_field("statusCode", &self.0.status().as_u16())?;
        answer.serialize_field("headers", &Headers(self.0.headers()))?;
        match text {
            Some(text) => answer.serialize_field("body", text)?,
            None => answer.serialize_field("body", &STANDARD.encode(body))?,
        }
        answer.serialize_field("isBase64Encoded", &text.is_none())?;
        answer.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn event(change: impl FnOnce(&mut Value)) -> serde_json::Result<Request> {
        let sample = include_str!("../../../events/read-api/get.json");
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

    #[test]
    fn an_answer_has_its_headers_and_a_body_that_is_text_or_base64() {
        let answer = |body: &'static [u8]| {
            let response =
                Response::builder().status(404).header("etag", "\"7-1\"").body(Bytes::from_static(body));
            serde_json::to_value(Answer(response.unwrap())).unwrap()
        };
        let expected = json!({"statusCode": 404, "headers": {"etag": "\"7-1\""}, "body": "\"x\"", "isBase64Encoded": false});
        assert_eq!(answer(b"\"x\""), expected);
        assert_eq!(answer(&[0xff])["body"], "/w==");
        assert_eq!(answer(&[0xff])["isBase64Encoded"], true);
    }
}
