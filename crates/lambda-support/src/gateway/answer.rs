//! What API Gateway takes for an answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Response;
use http::header::HeaderMap;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeStruct, Serializer};

/// An answer. A body that is no UTF-8 is sent as base64.
pub struct Answer(pub Response<Bytes>);

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
        let mut answer = serializer.serialize_struct("Answer", 5)?;
        answer.serialize_field("statusCode", &self.0.status().as_u16())?;
        answer.serialize_field("headers", &Headers(self.0.headers()))?;
        match text {
            Some(text) => answer.serialize_field("body", text)?,
            None => answer.serialize_field("body", &STANDARD.encode(body))?,
        }
        answer.serialize_field("isBase64Encoded", &text.is_none())?;
        // `cargo lambda watch` takes no answer without.
        answer.serialize_field::<[&str; 0]>("cookies", &[])?;
        answer.end()
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
    use aws_lambda_events::encodings::Body;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_has_its_headers_and_a_body_that_is_text_or_base64() {
        let answer = |body: &'static [u8]| {
            let response =
                Response::builder().status(404).header("etag", "\"7-1\"").body(Bytes::from_static(body));
            serde_json::to_value(Answer(response.unwrap())).unwrap()
        };
        let expected = json!({"statusCode": 404, "headers": {"etag": "\"7-1\""}, "body": "\"x\"", "isBase64Encoded": false, "cookies": []});
        assert_eq!(answer(b"\"x\""), expected);
        assert_eq!(answer(&[0xff])["body"], "/w==");
        assert_eq!(answer(&[0xff])["isBase64Encoded"], true);
    }

    #[test]
    fn local_emulators_can_read_an_answer() {
        let response =
            Response::builder().status(200).header("etag", "\"7-1\"").body(Bytes::from_static(b"{}"));
        let answer = serde_json::to_string(&Answer(response.unwrap())).unwrap();
        let read: ApiGatewayV2httpResponse = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (read.status_code, read.body, read.headers.len()),
            (200, Some(Body::Text("{}".to_owned())), 1)
        );
    }
}
