//! A function's answer, as an HTTP response.
//!
//! Source: API Gateway developer guide, "Lambda function response for format 2.0". An object with `statusCode` is the
//! structured form; any other valid JSON is the body of a 200.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

/// The function's answer is not one an HTTP API understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the function's answer is malformed: {0}")]
pub(super) struct MalformedAnswer(String);

/// Headers that describe one connection; the gateway's server sets its own.
const PER_CONNECTION: [HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::TE, header::TRAILER, header::UPGRADE];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structured {
    status_code: Value,
    headers: Option<BTreeMap<String, Value>>,
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    cookies: Option<Vec<String>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

/// The response for a function's answer.
pub(super) fn response(answer: Bytes) -> Result<Response<Bytes>, MalformedAnswer> {
    let value: Value = serde_json::from_slice(&answer).map_err(malformed)?;
    match value {
        Value::Object(ref fields) if fields.contains_key("statusCode") => {
            structured(serde_json::from_value(value).map_err(malformed)?)
        }
        Value::String(text) => Ok(inferred(text.into())),
        _ => Ok(inferred(answer)),
    }
}

fn inferred(body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn structured(answer: Structured) -> Result<Response<Bytes>, MalformedAnswer> {
    let body = match (answer.body, answer.is_base64_encoded) {
        (None, _) => Bytes::new(),
        (Some(text), Some(true)) => STANDARD.decode(text).map_err(malformed)?.into(),
        (Some(text), _) => text.into(),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status(&answer.status_code)?;

    let headers = response.headers_mut();
    for (name, value) in answer.headers.unwrap_or_default() {
        add(headers, &name, &value)?;
    }
    for (name, values) in answer.multi_value_headers.unwrap_or_default() {
        headers.remove(&name);
        for value in values {
            add(headers, &name, &value)?;
        }
    }
    for cookie in answer.cookies.unwrap_or_default() {
        headers.append(header::SET_COOKIE, cookie.parse().map_err(malformed)?);
    }
    PER_CONNECTION.iter().for_each(|name| drop(headers.remove(name)));
    if !response.body().is_empty() && !response.headers().contains_key(header::CONTENT_TYPE) {
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, text);
    }
    Ok(response)
}

/// A number, or a number in a string, that is a final status.
fn status(value: &Value) -> Result<StatusCode, MalformedAnswer> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let status = number.and_then(|number| StatusCode::from_u16(u16::try_from(number).ok()?).ok());
    status
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or_else(|| MalformedAnswer(format!("statusCode {value}")))
}

fn add(headers: &mut HeaderMap, name: &str, value: &Value) -> Result<(), MalformedAnswer> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(malformed)?;
    let value = match value {
        Value::String(text) => HeaderValue::from_str(text).map_err(malformed)?,
        Value::Number(_) | Value::Bool(_) => HeaderValue::from_str(&value.to_string()).map_err(malformed)?,
        Value::Null => return Ok(()),
        _ => return Err(MalformedAnswer(format!("header {name}"))),
    };
    headers.append(name, value);
    Ok(())
}

fn malformed(error: impl std::fmt::Display) -> MalformedAnswer {
    MalformedAnswer(error.to_string())
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
    use serde_json::json;

    use super::*;

    fn of(answer: Value) -> Result<Response<Bytes>, MalformedAnswer> {
        response(answer.to_string().into())
    }

    #[test]
    fn the_structured_form_sets_everything() {
        let response = of(json!({
            "statusCode": 201,
            "headers": {"Content-Type": "application/json", "X-Count": 3, "X-Null": null, "X-Twice": "no"},
            "multiValueHeaders": {"x-twice": ["a", "b"]},
            "cookies": ["a=1; Secure", "b=2"],
            "body": "{\"ok\":true}",
        }))
        .unwrap();

        assert_eq!(response.status(), 201);
        assert_eq!(response.body(), "{\"ok\":true}");
        let all = |name| response.headers().get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(all("content-type"), ["application/json"]);
        assert_eq!(all("x-count"), ["3"]);
        assert_eq!(all("x-twice"), ["a", "b"]);
        assert_eq!(all("set-cookie"), ["a=1; Secure", "b=2"]);
        assert!(!response.headers().contains_key("x-null"));
    }

    #[test]
    fn what_the_aws_crate_writes_is_understood() {
        let mut answer = ApiGatewayV2httpResponse::default();
        answer.status_code = 304;
        answer.headers.insert("etag", HeaderValue::from_static("\"1-abc\""));
        let response = response(serde_json::to_vec(&answer).unwrap().into()).unwrap();
        assert_eq!(response.status(), 304);
        assert_eq!(response.headers()["etag"], "\"1-abc\"");
        assert_eq!(response.headers().len(), 1);
    }

    #[test]
    fn a_base64_body_is_decoded() {
        let response = of(json!({"statusCode": 200, "body": "AP8=", "isBase64Encoded": true})).unwrap();
        assert_eq!(response.body().as_ref(), [0, 255]);
    }

    #[test]
    fn a_body_without_type_is_plain_text_and_no_body_has_none() {
        let response = of(json!({"statusCode": "200", "body": "hello"})).unwrap();
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        assert!(of(json!({"statusCode": 204})).unwrap().headers().is_empty());
    }

    #[test]
    fn json_without_status_is_the_body_of_a_200() {
        for (answer, body) in [
            (json!("Hello from Lambda!"), "Hello from Lambda!"),
            (json!({"message": "Hello"}), "{\"message\":\"Hello\"}"),
            (json!([1, 2]), "[1,2]"),
            (json!(null), "null"),
        ] {
            let response = of(answer).unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["content-type"], "application/json");
            assert_eq!(response.body(), body);
        }
    }

    #[test]
    fn headers_of_the_connection_are_the_gateways_own() {
        let headers = json!({"Connection": "close", "Transfer-Encoding": "chunked"});
        assert!(of(json!({"statusCode": 200, "headers": headers})).unwrap().headers().is_empty());
    }

    #[test]
    fn malformed_answers_are_refused() {
        for answer in [
            json!({"statusCode": 99}),
            json!({"statusCode": 101}),
            json!({"statusCode": "many"}),
            json!({"statusCode": 200, "body": {"not": "a string"}}),
            json!({"statusCode": 200, "body": "%", "isBase64Encoded": true}),
            json!({"statusCode": 200, "headers": {"x": ["list"]}}),
            json!({"statusCode": 200, "headers": {"a b": "space"}}),
            json!({"statusCode": 200, "cookies": ["a\nb"]}),
        ] {
            assert!(of(answer.clone()).is_err(), "{answer}");
        }
        assert!(response(Bytes::from_static(b"no json")).is_err());
    }
}
