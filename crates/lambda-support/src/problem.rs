//! Problem answers (RFC 9457): `application/problem+json`, never cached unless said otherwise.

use bytes::Bytes;
use cache::Version;
use catalog::FieldError;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// What went wrong, for a person and a program.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

impl Problem {
    /// A problem with a short title, the same for all of its kind, and what is wrong this time and what to do.
    pub fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Problem { title, status: status.as_u16(), detail: detail.into(), errors: Vec::new() }
    }

    /// With what is wrong field by field.
    pub fn with_errors(self, errors: Vec<FieldError>) -> Self {
        Problem { errors, ..self }
    }

    /// The answer: `no-store`, with the version given.
    pub fn answer(&self, version: Version) -> Response<Bytes> {
        let body = serde_json::to_string(self).unwrap_or_default();
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(crate::headers::VERSION, HeaderValue::from(version.0));
        if self.status == StatusCode::SERVICE_UNAVAILABLE.as_u16() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
