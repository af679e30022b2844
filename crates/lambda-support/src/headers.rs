//! Headers that are this system's own, or the edge's.

use http::{HeaderMap, HeaderName, HeaderValue};

/// In requests: the lowest version the caller accepts. Part of the edge's cache key.
pub const MIN_VERSION: HeaderName = HeaderName::from_static("x-cache-min-version");
/// In requests: what only the edge and the auditor know.
pub const ORIGIN_SECRET: HeaderName = HeaderName::from_static("x-origin-secret");
/// In requests: what the edge says of the behaviour a request came through. It replaces what a viewer sends.
pub const ORIGIN_BEHAVIOUR: HeaderName = HeaderName::from_static("x-origin-behaviour");
/// In requests: CloudFront's id of a request, which every one through it has.
pub const EDGE_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-cf-id");
/// In answers: the version of the product, or zero where there is none.
pub const VERSION: HeaderName = HeaderName::from_static("x-cache-version");
/// In answers: what the caches did (RFC 9211).
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// In answers: what the edge finds them again by when it purges. It does not hand this on.
pub const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// Sets a header of an answer. Every value is made of validated ids, numbers and fixed words; one that were no header value is
/// left out.
pub fn set(headers: &mut HeaderMap, name: HeaderName, value: impl TryInto<HeaderValue>) {
    if let Ok(value) = value.try_into() {
        headers.insert(name, value);
    }
}
