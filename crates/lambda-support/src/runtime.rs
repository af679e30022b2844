//! The Lambda Runtime API, as the functions that answer requests speak it: an event, then its answer.
//!
//! | what happens | what Lambda is told | then |
//! |---|---|---|
//! | the event is answered | the answer | next event |
//! | the handler gives an error | `Unhandled`, and the error | next event |
//! | the handler panics | `Panic`, and what it says | next event |
//! | Lambda refuses an answer, for one of more than 6 MB | nothing more; it has answered for the function | next event |
//! | there is no API, or it gives no event | nothing | the process ends, and Lambda starts another |
//!
//! One event at a time, over one connection, which is made anew where it was closed between two requests.
//!
//! Why not `lambda_runtime`, as behind the stream and the queues? It sets the variable `_X_AMZN_TRACE_ID` for each event, and the C
//! library keeps each value for ever: a busy environment runs out of memory. And a hit spends a third of its
//! instructions in its layers, its pool of connections and the context it makes.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures::FutureExt;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use lambda_runtime::{Diagnostic, Error};
use tokio::net::TcpStream;

use crate::logs;

/// Where Lambda says the API is: `host:port`, or a URL with a path before that of the API, as `cargo lambda watch` has it.
pub const ADDRESS: &str = "AWS_LAMBDA_RUNTIME_API";
const INVOCATION: &str = "/2018-06-01/runtime/invocation";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
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
        let id = invocation.header(REQUEST_ID).ok_or("the Runtime API gave an event without a request id")?;
        let work = async {
            let answer = handler(invocation.event.clone()).await;
            answer.inspect_err(|error| tracing::error!(%error, "the event could not be answered"))
        };
        match AssertUnwindSafe(logs::within(id, invocation.header(TRACE_ID), work)).catch_unwind().await {
            Ok(Ok(answer)) => api.answer(id, answer).await?,
            Ok(Err(error)) => api.fail(id, "Unhandled", error.to_string()).await?,
            Err(panic) => api.fail(id, "Panic", said(&*panic)).await?,
        }
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given").to_owned()
}

struct Invocation {
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
        let (status, headers, event) =
            self.call(Method::GET, "/next", self.headers.clone(), Bytes::new()).await?;
        match status {
            StatusCode::OK => Ok(Some(Invocation { headers, event })),
            StatusCode::NO_CONTENT => Ok(None),
            refused => {
                Err(format!("the Runtime API gave no event: {refused} {}", String::from_utf8_lossy(&event))
                    .into())
            }
        }
    }

    async fn answer(&mut self, id: &str, answer: Vec<u8>) -> Result<(), Error> {
        self.post(id, "response", self.headers.clone(), answer).await
    }

    async fn fail(&mut self, id: &str, kind: &'static str, message: String) -> Result<(), Error> {
        let mut headers = self.headers.clone();
        headers.insert(ERROR_TYPE, HeaderValue::from_static(kind));
        let why = Diagnostic { error_type: kind.to_owned(), error_message: message };
        self.post(id, "error", headers, serde_json::to_vec(&why)?).await
    }

    async fn post(
        &mut self,
        id: &str,
        what: &str,
        mut headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<(), Error> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let (status, _, said) =
            self.call(Method::POST, &format!("/{id}/{what}"), headers, body.into()).await?;
        if !status.is_success() {
            let said = String::from_utf8_lossy(&said);
            tracing::error!(request_id = id, %status, %said, "the Runtime API refused an answer");
        }
        Ok(())
    }

    async fn call(
        &mut self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Error> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from(PathAndQuery::try_from(format!("{}{path}", self.base))?);
        *request.headers_mut() = headers;
        let (parts, body) = self.send(request).await?.into_parts();
        Ok((parts.status, parts.headers, body.collect().await?.to_bytes()))
    }

    /// Sends a request, over another connection if that of the last one was closed.
    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
        let mut connection = match self.connection.take() {
            Some(open) => open,
            None => connect(&self.authority).await?,
        };
        if connection.ready().await.is_err() {
            connection = connect(&self.authority).await?;
        }
        let response = connection.send_request(request).await?;
        self.connection = Some(connection);
        Ok(response)
    }
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
