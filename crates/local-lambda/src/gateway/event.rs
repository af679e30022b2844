//! The event of an HTTP API: payload format 2.0.
//!
//! Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs". What it leaves open follows
//! the service: the path comes decoded (`rawPath` too), and cookies leave the headers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::arn::ACCOUNT_ID;
use crate::clock;
use crate::trace::TRACE_HEADER;

/// The id of the local stack's only API.
const API_ID: &str = "local";

/// A body of another type is binary to the gateway, and base64 in the event.
const TEXT_TYPES: [&str; 3] = ["application/json", "application/javascript", "application/xml"];

/// What the event takes from elsewhere than the request itself.
pub(super) struct Circumstances<'a> {
    pub(super) route_key: &'a str,
    pub(super) path: &'a str,
    pub(super) path_parameters: BTreeMap<String, String>,
    pub(super) request_id: &'a str,
    pub(super) trace_id: &'a str,
    pub(super) source: IpAddr,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'static str,
    api_id: &'static str,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: String,
    source_ip: String,
    user_agent: String,
}

/// The event as JSON.
pub(super) fn event(request: &Parts, body: &Bytes, at: Circumstances<'_>) -> serde_json::Result<Vec<u8>> {
    let time_epoch = clock::unix_millis();
    let time = jiff::Timestamp::from_millisecond(time_epoch.cast_signed()).unwrap_or_default();
    let query = request.uri.query().unwrap_or_default();
    let host = domain(request);
    let (body, is_base64_encoded) = encoded(&request.headers, body);
    serde_json::to_vec(&Event {
        version: "2.0",
        route_key: at.route_key,
        raw_path: at.path,
        raw_query_string: query,
        cookies: cookies(&request.headers),
        headers: headers(&request.headers, host, at.trace_id, at.source),
        query_string_parameters: query_parameters(query),
        request_context: RequestContext {
            account_id: ACCOUNT_ID,
            api_id: API_ID,
            domain_name: host,
            domain_prefix: host.split('.').next().unwrap_or(host),
            http: Http {
                method: request.method.as_str(),
                path: at.path,
                protocol: format!("{:?}", request.version),
                source_ip: at.source.to_string(),
                user_agent: request.headers.get(header::USER_AGENT).map_or(String::new(), text),
            },
            request_id: at.request_id,
            route_key: at.route_key,
            stage: "$default",
            time: time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            time_epoch,
        },
        path_parameters: at.path_parameters,
        body,
        is_base64_encoded,
    })
}

fn domain(request: &Parts) -> &str {
    let header = request.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| request.uri.authority().map(|authority| authority.as_str())).unwrap_or("localhost")
}

/// Lower-case names; several values of one name joined by commas; and what the gateway adds on the way.
fn headers<'a>(
    given: &'a HeaderMap,
    host: &str,
    trace_id: &str,
    source: IpAddr,
) -> BTreeMap<&'a str, String> {
    let joined = |name| given.get_all(name).iter().map(text).collect::<Vec<_>>().join(",");
    let names = given.keys().filter(|name| *name != header::COOKIE);
    let mut headers: BTreeMap<_, _> = names.map(|name| (name.as_str(), joined(name))).collect();

    headers.insert(TRACE_HEADER, trace_id.to_owned());
    let forwarded = headers.entry("x-forwarded-for").or_default();
    if !forwarded.is_empty() {
        forwarded.push_str(", ");
    }
    forwarded.push_str(&source.to_string());
    headers.entry("x-forwarded-proto").or_insert_with(|| "http".into());
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    headers.entry("x-forwarded-port").or_insert_with(|| port.into());
    headers
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let given = headers.get_all(header::COOKIE).iter().map(text);
    given
        .flat_map(|line| line.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Decoded; several values of one name joined by commas.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = form_decoded(value);
        parameters
            .entry(form_decoded(name))
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

fn form_decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// The body and whether it is base64: text types as they are, all else encoded.
fn encoded(headers: &HeaderMap, body: &Bytes) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    match std::str::from_utf8(body) {
        Ok(text) if is_text(headers) => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(body)), true),
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return false;
    }
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let content_type = text(content_type).to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.starts_with("text/")
        || TEXT_TYPES.contains(&media_type)
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
    use http::Request;
    use serde_json::{Value, json};

    use super::*;

    fn event_of(request: Request<&'static [u8]>) -> Value {
        let (parts, body) = request.into_parts();
        let at = Circumstances {
            route_key: "PUT /api/products/{id}",
            path: parts.uri.path(),
            path_parameters: BTreeMap::from([("id".into(), "7".into())]),
            request_id: "request-1",
            trace_id: "Root=1-00000000-000000000000000000000000",
            source: IpAddr::from([192, 0, 2, 1]),
        };
        let event = event(&parts, &Bytes::from_static(body), at).unwrap();
        serde_json::from_slice::<ApiGatewayV2httpRequest>(&event)
            .expect("AWS's own type must accept the event");
        serde_json::from_slice(&event).unwrap()
    }

    #[test]
    fn the_event_has_the_documented_shape() {
        let mut event = event_of(
            Request::put("/api/products/7?tag=a&tag=b%20c&empty&x=1+2")
                .header("Host", "api.localhost:8080")
                .header("User-Agent", "probe/1")
                .header("X-Note", "one")
                .header("X-Note", "two")
                .header("Cookie", "a=1; b=2")
                .header("Cookie", "c=3")
                .header("X-Forwarded-For", "198.51.100.7")
                .header("Content-Type", "application/json; charset=utf-8")
                .body(&br#"{"price":1}"#[..])
                .unwrap(),
        );
        let epoch = event["requestContext"]["timeEpoch"].take();
        let time = event["requestContext"]["time"].take();

        assert_eq!(
            event,
            json!({
                "version": "2.0",
                "routeKey": "PUT /api/products/{id}",
                "rawPath": "/api/products/7",
                "rawQueryString": "tag=a&tag=b%20c&empty&x=1+2",
                "cookies": ["a=1", "b=2", "c=3"],
                "headers": {
                    "content-type": "application/json; charset=utf-8",
                    "host": "api.localhost:8080",
                    "user-agent": "probe/1",
                    "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
                    "x-forwarded-for": "198.51.100.7, 192.0.2.1",
                    "x-forwarded-port": "8080",
                    "x-forwarded-proto": "http",
                    "x-note": "one,two",
                },
                "queryStringParameters": {"tag": "a,b c", "empty": "", "x": "1 2"},
                "requestContext": {
                    "accountId": "000000000000",
                    "apiId": "local",
                    "domainName": "api.localhost:8080",
                    "domainPrefix": "api",
                    "http": {
                        "method": "PUT",
                        "path": "/api/products/7",
                        "protocol": "HTTP/1.1",
                        "sourceIp": "192.0.2.1",
                        "userAgent": "probe/1",
                    },
                    "requestId": "request-1",
                    "routeKey": "PUT /api/products/{id}",
                    "stage": "$default",
                    "time": null,
                    "timeEpoch": null,
                },
                "pathParameters": {"id": "7"},
                "body": "{\"price\":1}",
                "isBase64Encoded": false,
            })
        );
        let written = jiff::fmt::strtime::parse("%d/%b/%Y:%H:%M:%S %z", time.as_str().unwrap()).unwrap();
        assert_eq!(written.to_timestamp().unwrap().as_second(), epoch.as_i64().unwrap() / 1000);
    }

    #[test]
    fn what_a_request_does_not_have_is_left_out() {
        let event = event_of(Request::get("/").body(&b""[..]).unwrap());
        for absent in ["cookies", "queryStringParameters", "body", "stageVariables"] {
            assert_eq!(event.get(absent), None, "{absent}");
        }
        assert_eq!(event["rawQueryString"], "");
    }

    #[test]
    fn only_text_types_travel_as_text() {
        for (content_type, text) in [
            ("text/plain", true),
            ("application/json", true),
            ("application/merge-patch+json", true),
            ("image/svg+xml", true),
            ("application/x-www-form-urlencoded", false),
            ("application/octet-stream", false),
        ] {
            let request = Request::post("/").header("Content-Type", content_type).body(&b"abc"[..]).unwrap();
            let event = event_of(request);
            assert_eq!(event["isBase64Encoded"], !text, "{content_type}");
            assert_eq!(event["body"], if text { "abc" } else { "YWJj" }, "{content_type}");
        }
    }

    #[test]
    fn a_compressed_or_undecodable_text_is_binary() {
        let compressed =
            Request::post("/").header("Content-Encoding", "gzip").header("Content-Type", "text/plain");
        assert_eq!(event_of(compressed.body(&b"abc"[..]).unwrap())["isBase64Encoded"], true);
        let latin1 = Request::post("/").header("Content-Type", "text/plain").body(&b"caf\xe9"[..]).unwrap();
        assert_eq!(event_of(latin1)["body"], "Y2Fm6Q==");
    }
}
