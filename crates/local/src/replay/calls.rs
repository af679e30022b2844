//! What CloudFront was asked for, and what it said.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use local_edge::CloudFront;

/// The longest call that is looked at: 3,000 items of the longest kind, and the XML around them.
const LONGEST: usize = 16 << 20;

/// One call of CreateInvalidation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The items: paths, and tags as `#tag`.
    pub items: Vec<String>,
    /// The code of the error, if it was refused.
    pub refused: Option<String>,
}

/// The calls so far. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<Vec<Call>>>);

impl Calls {
    /// CloudFront's API, every call of CreateInvalidation recorded.
    pub fn recorded(&self, cloudfront: &CloudFront) -> Router {
        cloudfront.router().layer(from_fn_with_state(self.clone(), record))
    }

    /// The calls since this was last asked.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, call: Call) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

async fn record(State(calls): State<Calls>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let items = texts(&body, "Path");
    let (parts, answer) = next.run(Request::from_parts(parts, Body::from(body))).await.into_parts();
    let Ok(answer) = to_bytes(answer, LONGEST).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    calls.add(Call { items, refused: texts(&answer, "Code").pop() });
    Response::from_parts(parts, Body::from(answer))
}

/// The texts of an element that holds nothing but text. Items and codes have nothing that XML escapes.
fn texts(xml: &[u8], element: &str) -> Vec<String> {
    let xml = String::from_utf8_lossy(xml);
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let elements = xml.split(&open).skip(1);
    elements.filter_map(|rest| rest.split_once(&close)).map(|(text, _)| text.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_one_name_are_found_by_it() {
        let xml =
            b"<Paths><Quantity>2</Quantity><Items><Path>#product:a</Path><Path>/api/*</Path></Items></Paths>";
        assert_eq!(texts(xml, "Path"), ["#product:a", "/api/*"]);
        assert_eq!(texts(b"<Error><Code>Throttling</Code></Error>", "Code"), ["Throttling"]);
        assert!(texts(b"", "Code").is_empty() && texts(b"<Code>cut", "Code").is_empty());
    }
}
