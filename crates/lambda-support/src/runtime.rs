//! The Lambda Runtime API, as the functions that answer requests speak it: an event, then its answer.
//!
//! | what happens | what Lambda is told | then |
//! |---|---|---|
//! | the event is answered | the answer | next event |
//! | the handler gives an error, for one on an event it cannot read | `Function.Unhandled`, and the error | next event |
//! | the handler panics | `Function.Panic`, and what it says | next event |
//! | Lambda refuses an answer, for one of more than 6 MB or one that comes too late | nothing; a line in the log | next event |
//! | there is no API, the connection breaks under a request, or there is no event | nothing | the process ends, and Lambda starts another |
//!
//! One event at a time, over one connection, which is made anew when it is found closed. Neither SnapStart nor several events
//! at once (`AWS_LAMBDA_MAX_CONCURRENCY`), which the template does not ask for.
//!
//! Why not `lambda_runtime`, as behind the stream and the queues? It sets the variable `_X_AMZN_TRACE_ID` for each event, and the C
//! library keeps each value for ever: a busy environment runs out of memory. And a hit takes 166,000 instructions with it, 119,000
//! without (`docs/measurements.md`).

use std::error::Error as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures::FutureExt;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use lambda_runtime::{Diagnostic, Error};
use tokio::net::TcpStream;

use crate::logs;

/// Where Lambda says the API is: `host:port`, or a URL with a path before that of the API, as `cargo lambda watch` has it.
pub const ADDRESS: &str = "AWS_LAMBDA_RUNTIME_API";
const INVOCATION: &str = "/2018-06-01/runtime/invocation";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
/// Given back with the answer, so that Lambda does not take a late one for that of another try.
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";
const REQUEST_ID: &str = "lambda-runtime-aws-request-id";
const TRACE_ID: &str = "lambda-runtime-trace-id";

/// Has a handler answer events until the API at `address` ends. What is logged meanwhile carries the invocation's ids.
pub async fn run<H, F>(address: &str, handler: H) -> Result<(), Error>
where
    H: Fn(Bytes) -> F,
    F: Future<Output = Result<Vec<u8>, Error>>,
{
    let mut api = RuntimeApi::at(address)?;
    loop {
        let Some(invocation) = api.next().await? else { continue };
        let work = async {
            let answer = handler(invocation.event.clone()).await;
            answer.inspect_err(|error| tracing::error!(%error, "the event could not be answered"))
        };
        match AssertUnwindSafe(logs::within(&invocation.id, invocation.header(TRACE_ID), work))
            .catch_unwind()
            .await
        {
            Ok(Ok(answer)) => api.answer(&invocation, answer).await?,
            Ok(Err(error)) => api.fail(&invocation, "Function.Unhandled", error.to_string()).await?,
            Err(panic) => api.fail(&invocation, "Function.Panic", said(&*panic)).await?,
        }
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given").to_owned()
}

struct Invocation {
    id: String,
    headers: HeaderMap,
    event: Bytes,
}

impl Invocation {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The API's client.
struct RuntimeApi {
    authority: String,
    base: String,
    headers: HeaderMap,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl RuntimeApi {
    fn at(address: &str) -> Result<RuntimeApi, Error> {
        let wrong = |reason: &str| format!("{ADDRESS}={address:?}: {reason}; Lambda sets it to host:port");
        let uri = Uri::try_from(address).map_err(|error| wrong(&error.to_string()))?;
        let authority = uri.authority().ok_or_else(|| wrong("names no host"))?;
        let port = authority.port_u16().unwrap_or(80);
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::try_from(authority.as_str())?);
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("tidemark/", env!("CARGO_PKG_VERSION"))));
        Ok(RuntimeApi {
            authority: format!("{}:{port}", authority.host()),
            base: format!("{}{INVOCATION}", uri.path().trim_end_matches('/')),
            headers,
            connection: None,
        })
    }

    /// The next event; `None` if there is none yet, which only local servers say.
    async fn next(&mut self) -> Result<Option<Invocation>, Error> {
        let (parts, event) = self.send(self.request(Method::GET, "/next", Bytes::new())?).await?.into_parts();
        match parts.status {
            StatusCode::OK => {
                let id = parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
                let id = id.ok_or("the Runtime API gave an event without a request id")?;
                Ok(Some(Invocation { id, headers: parts.headers, event }))
            }
            StatusCode::NO_CONTENT => Ok(None),
            refused => {
                let said = String::from_utf8_lossy(&event);
                Err(format!("the Runtime API gave no event: {refused} {said}").into())
            }
        }
    }

    async fn answer(&mut self, invocation: &Invocation, answer: Vec<u8>) -> Result<(), Error> {
        self.post(
            invocation,
            self.request(Method::POST, &format!("/{}/response", invocation.id), answer.into())?,
        )
        .await
    }

    async fn fail(
        &mut self,
        invocation: &Invocation,
        kind: &'static str,
        message: String,
    ) -> Result<(), Error> {
        let why = Diagnostic { error_type: kind.to_owned(), error_message: message };
        let why = serde_json::to_vec(&why)?;
        let mut request = self.request(Method::POST, &format!("/{}/error", invocation.id), why.into())?;
        request.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(kind));
        self.post(invocation, request).await
    }

    async fn post(
        &mut self,
        invocation: &Invocation,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(), Error> {
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(id) = invocation.headers.get(INVOCATION_ID) {
            headers.insert(INVOCATION_ID, id.clone());
        }
        let answer = self.send(request).await?;
        if !answer.status().is_success() {
            let (status, said) = (answer.status(), String::from_utf8_lossy(answer.body()));
            tracing::error!(request_id = invocation.id, %status, %said, "the Runtime API refused an answer");
        }
        Ok(())
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Result<Request<Full<Bytes>>, Error> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from(PathAndQuery::try_from(format!("{}{path}", self.base))?);
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    /// Sends a request, over another connection if that of the last one was closed.
    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Error> {
        let mut connection = match self.connection.take() {
            Some(open) => open,
            None => connect(&self.authority).await?,
        };
        if connection.ready().await.is_err() {
            connection = connect(&self.authority).await?;
        }
        let (parts, body) = connection.send_request(request).await.map_err(broken)?.into_parts();
        let body = body.collect().await.map_err(broken)?.to_bytes();
        self.connection = Some(connection);
        Ok(Response::from_parts(parts, body))
    }
}

fn broken(error: hyper::Error) -> Error {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("the connection to the Runtime API broke under a request: {error}{cause}").into()
}

async fn connect(authority: &str) -> Result<SendRequest<Full<Bytes>>, Error> {
    let stream = TcpStream::connect(authority)
        .await
        .map_err(|error| format!("no Runtime API at {authority}: {error}"))?;
    stream.set_nodelay(true)?;
    let (connection, driver) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(driver);
    Ok(connection)
}

#[cfg(test)]
mod tests;
