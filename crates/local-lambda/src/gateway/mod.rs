//! API Gateway's HTTP API in front of functions: `route` selects, `event` builds the payload (format 2.0), `answer` reads what
//! comes back.

mod answer;
mod event;
mod route;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

pub use route::{Route, RouteError};

use crate::invoke::InvokeError;
use crate::trace::{TRACE_HEADER, new_trace_id};
use event::{Circumstances, event};
use route::Routes;

/// The largest request body of an HTTP API, in bytes: 10 MB.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The longest integration time-out of an HTTP API, and its default.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// An HTTP API with its routes.
///
/// What clients see besides the functions' answers, each `{"message": …}`:
/// - 404 `Not Found`: no route;
/// - 413 `Request Entity Too Large`: a body above 10 MB;
/// - 500 `Internal Server Error`: the function failed, timed out, ended, or gave a malformed answer;
/// - 503 `Service Unavailable`: the integration time-out passed, or Lambda throttled the invocation. (For throttles AWS
///   documents 500 for REST APIs and is silent about HTTP APIs, which answer 503.)
#[derive(Debug)]
pub struct Gateway {
    routes: Routes,
    integration_timeout: Duration,
}

impl Gateway {
    /// An API with these routes, in any order. Fails if two have the same key.
    pub fn new(routes: Vec<Route>) -> Result<Self, RouteError> {
        Ok(Self { routes: Routes::new(routes)?, integration_timeout: INTEGRATION_TIMEOUT })
    }

    /// Waits this long for a function instead of 30 s.
    #[must_use]
    pub fn integration_timeout(mut self, timeout: Duration) -> Self {
        self.integration_timeout = timeout;
        self
    }

    /// The API as a router. Serve it `into_make_service_with_connect_info::<SocketAddr>()`, so that functions see who asks;
    /// without, every request comes from 127.0.0.1.
    pub fn into_router(self) -> Router {
        Router::new().fallback(serve).with_state(Arc::new(self))
    }

    async fn answer(&self, request: Request, request_id: &str) -> Result<Response<Bytes>, Refusal> {
        let (parts, body) = request.into_parts();
        let path = percent_decode_str(parts.uri.path()).decode_utf8().map_err(|_| Refusal::BadRequest)?;
        let (route, path_parameters) = self.routes.select(&parts.method, &path).ok_or(Refusal::NotFound)?;
        let body = read(body).await?;

        let given = parts.headers.get(TRACE_HEADER).and_then(|value| value.to_str().ok());
        let trace_id = given.map_or_else(new_trace_id, str::to_owned);
        let at = Circumstances {
            route_key: route.key(),
            path: &path,
            path_parameters,
            request_id,
            trace_id: &trace_id,
            source: source(&parts),
        };
        let payload = event(&parts, &body, at).map_err(|_| Refusal::Internal)?;
        drop(body);

        let invocation = route.function().invoke_traced(payload.into(), &trace_id);
        let outcome =
            timeout(self.integration_timeout, invocation).await.map_err(|_| Refusal::Unavailable)?;
        let answer = outcome.map_err(|error| {
            tracing::debug!(route = route.key(), %error, "integration failed");
            if error == InvokeError::Throttled { Refusal::Unavailable } else { Refusal::Internal }
        })?;
        answer::response(answer).map_err(|error| {
            tracing::warn!(route = route.key(), %error, "integration failed");
            Refusal::Internal
        })
    }
}

async fn serve(State(gateway): State<Arc<Gateway>>, request: Request) -> Response<Body> {
    let is_head = request.method() == Method::HEAD;
    let request_id = new_request_id();
    let mut response = match gateway.answer(request, &request_id).await {
        Ok(response) => response,
        Err(refusal) => refusal.into(),
    };
    if is_head {
        withhold_body(&mut response);
    } else {
        // The length of what is sent, not of what the function believed.
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("apigw-requestid", request_id);
    }
    response.map(Body::from)
}

/// Why the gateway answers instead of a function.
enum Refusal {
    BadRequest,
    NotFound,
    TooLarge,
    Internal,
    Unavailable,
}

impl From<Refusal> for Response<Bytes> {
    fn from(refusal: Refusal) -> Self {
        let (status, message) = match refusal {
            Refusal::BadRequest => (StatusCode::BAD_REQUEST, "Bad Request"),
            Refusal::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Refusal::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            Refusal::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        let mut response = Response::new(json!({"message": message}).to_string().into());
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Err(_) => Err(Refusal::BadRequest),
    }
}

/// Keeps the length the body would have: the function's word for it if it gave no body itself.
fn withhold_body(response: &mut Response<Bytes>) {
    let length = std::mem::take(response.body_mut()).len();
    if length > 0 {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
}

fn source(request: &Parts) -> IpAddr {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip())
}

/// Of the look of the service's own: 16 characters of base64 that end in `=`.
fn new_request_id() -> String {
    STANDARD.encode(&Uuid::new_v4().as_bytes()[..11])
}
