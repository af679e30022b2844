//! Answers to viewers: from a stored entry, from the origin's stream, or made at the edge.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use tokio::time::Instant;

use super::ask::Ask;
use super::origin::VIA;
use crate::config::Behaviour;
use crate::events::EventKind;
use crate::http_rules::{Range, not_modified, requested_range, set};
use crate::store::Entry;

/// How an answer came about, in the words of the events.
pub(super) fn x_cache(how: EventKind, status: StatusCode) -> &'static str {
    match how {
        _ if status.as_u16() >= 400 => "Error from cloudfront",
        EventKind::Hit | EventKind::StaleWhileRevalidate | EventKind::StaleIfError => "Hit from cloudfront",
        EventKind::RefreshHit => "RefreshHit from cloudfront",
        _ => "Miss from cloudfront",
    }
}

/// The part of a stored entry the viewer asked for: all of it, its head, a range, or only that nothing changed.
pub(super) fn from_entry(behaviour: &Behaviour, ask: &Ask, entry: &Entry, how: EventKind) -> Response<Body> {
    let mut headers = entry.headers.clone();
    let age = entry.age(Instant::now()).as_secs();
    // An answer fresh from the origin has no age of its own unless the origin gave it one.
    if how != EventKind::Miss || age > 0 || headers.contains_key(header::AGE) {
        headers.insert(header::AGE, HeaderValue::from(age));
    }
    let (status, body) = if not_modified(&ask.headers, entry.status, &headers) {
        without_content(&mut headers);
        (StatusCode::NOT_MODIFIED, Bytes::new())
    } else {
        cut(ask, entry, &mut headers)
    };
    let has_length = !matches!(status, StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT);
    if has_length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let body = if ask.method == Method::HEAD { Body::empty() } else { Body::from(body) };
    finish(behaviour, status, headers, body, x_cache(how, status))
}

fn cut(ask: &Ask, entry: &Entry, headers: &mut HeaderMap) -> (StatusCode, Bytes) {
    if ask.method == Method::HEAD {
        return (entry.status, entry.body.clone());
    }
    let length = entry.body.len();
    match requested_range(&ask.headers, entry.status, headers, length) {
        Range::Whole => (entry.status, entry.body.clone()),
        Range::Part(part) => {
            set(headers, header::CONTENT_RANGE, &format!("bytes {}-{}/{length}", part.start(), part.end()));
            (StatusCode::PARTIAL_CONTENT, entry.body.slice(part))
        }
        Range::Unsatisfiable => {
            set(headers, header::CONTENT_RANGE, &format!("bytes */{length}"));
            headers.remove(header::CONTENT_TYPE);
            headers.remove(header::CONTENT_ENCODING);
            (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new())
        }
    }
}

/// What describes a body that is not sent along.
fn without_content(headers: &mut HeaderMap) {
    for name in
        [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_RANGE]
    {
        headers.remove(name);
    }
}

/// The origin's answer passed on as it comes.
pub(super) fn from_origin(behaviour: &Behaviour, answer: Response<Body>) -> Response<Body> {
    let (parts, body) = answer.into_parts();
    finish(behaviour, parts.status, parts.headers, body, x_cache(EventKind::Miss, parts.status))
}

/// The same for a request whose condition was not sent on to the origin.
pub(super) fn from_origin_conditionally(
    behaviour: &Behaviour,
    ask: &Ask,
    answer: Response<Body>,
) -> Response<Body> {
    let (mut parts, mut body) = answer.into_parts();
    if not_modified(&ask.headers, parts.status, &parts.headers) {
        without_content(&mut parts.headers);
        parts.status = StatusCode::NOT_MODIFIED;
        body = Body::empty();
    }
    finish(behaviour, parts.status, parts.headers, body, x_cache(EventKind::Miss, parts.status))
}

/// An error of the edge's own, as headers and body.
pub(super) fn error_page(status: StatusCode, reason: &str) -> (HeaderMap, Bytes) {
    let title = status.canonical_reason().unwrap_or("Error");
    let reason = reason.replace('&', "&amp;").replace('<', "&lt;");
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>{0} {title}</title></head>\n<body><h1>{0} {title}</h1>\n<p>{reason}</p>\n</body></html>\n",
        status.as_u16(),
    );
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    headers.insert(header::SERVER, HeaderValue::from_static("CloudFront"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(page.len()));
    (headers, page.into())
}

/// An error of the edge's own, as an answer.
pub(super) fn failure(
    behaviour: &Behaviour,
    method: &Method,
    status: StatusCode,
    reason: &str,
) -> Response<Body> {
    let (headers, page) = error_page(status, reason);
    let body = if method == Method::HEAD { Body::empty() } else { Body::from(page) };
    finish(behaviour, status, headers, body, "Error from cloudfront")
}

/// What every answer gets: CloudFront's own headers, then the behaviour's response headers policy.
fn finish(
    behaviour: &Behaviour,
    status: StatusCode,
    mut headers: HeaderMap,
    body: Body,
    x_cache: &'static str,
) -> Response<Body> {
    headers.insert(HeaderName::from_static("x-cache"), HeaderValue::from_static(x_cache));
    headers.append(header::VIA, HeaderValue::from_static(VIA));
    let id: String = std::iter::repeat_with(fastrand::alphanumeric).take(52).collect();
    set(&mut headers, HeaderName::from_static("x-amz-cf-id"), &format!("{id}=="));
    headers.insert(HeaderName::from_static("x-amz-cf-pop"), HeaderValue::from_static("LOCAL1-P1"));
    for name in &behaviour.remove_headers {
        headers.remove(name);
    }
    for (name, value) in &behaviour.add_headers {
        headers.insert(name.clone(), value.clone());
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
