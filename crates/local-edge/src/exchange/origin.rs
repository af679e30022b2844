//! Talking to origins: the request as the edge sends it on, and the time-outs.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use super::ask::Ask;
use crate::config::{Behaviour, Cache, EdgeConfig, Forward, Origin};
use crate::http_rules::{remove_hop_by_hop, set};
use crate::interim::Interim;
use crate::key::{FORWARDED_FOR, keyed_headers, keyed_query};

/// Named in `Via`, to the origin and to the viewer.
pub(super) const VIA: &str = "1.1 local.cloudfront.net (CloudFront)";

/// Why an origin gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum OriginError {
    #[error("could not connect to the origin: {0}")]
    Unreachable(String),
    #[error("the origin did not answer in time")]
    TimedOut,
    #[error("the origin broke off: {0}")]
    Broken(String),
}

impl OriginError {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Unreachable(_) | Self::Broken(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

#[derive(Debug)]
pub(crate) struct OriginClient {
    client: Client<HttpConnector, Body>,
    read_timeout: Duration,
}

impl OriginClient {
    pub(crate) fn new(config: &EdgeConfig) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(config.origin_connect_timeout));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, read_timeout: config.origin_read_timeout }
    }

    /// Sends one request. The answer comes without hop-by-hop fields; a body that stops for longer than the read time-out
    /// ends in an error. Interim responses go to `interim` at once.
    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
        interim: Option<Interim>,
    ) -> Result<Response<Body>, OriginError> {
        if let Some(interim) = interim {
            hyper::ext::on_informational(&mut request, move |early| {
                // 100 and 101 concern the connection to the origin alone.
                if early.status().as_u16() > 101 {
                    interim.send(early.status(), early.headers());
                }
            });
        }
        let answer = timeout(self.read_timeout, self.client.request(request)).await;
        let answer = answer.map_err(|_| OriginError::TimedOut)?.map_err(|error| {
            let told = with_sources(&error);
            if error.is_connect() { OriginError::Unreachable(told) } else { OriginError::Broken(told) }
        })?;
        let (mut parts, body) = answer.into_parts();
        remove_hop_by_hop(&mut parts.headers);
        let patience = self.read_timeout;
        let pieces = stream::try_unfold(Body::new(body).into_data_stream(), move |mut pieces| async move {
            match timeout(patience, pieces.next()).await {
                Err(_) => Err(BodyError(OriginError::TimedOut)),
                Ok(None) => Ok(None),
                Ok(Some(Ok(piece))) => Ok(Some((piece, pieces))),
                Ok(Some(Err(error))) => Err(BodyError(OriginError::Broken(with_sources(&error)))),
            }
        });
        Ok(Response::from_parts(parts, Body::from_stream(pieces)))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BodyError(OriginError);

/// A body read to its end, or as far as it may be long.
pub(super) enum Collected {
    Whole(Bytes),
    /// Longer than allowed: what was read so far and the rest.
    TooLong(Body),
}

pub(super) async fn collect(body: Body, most: usize) -> Result<Collected, OriginError> {
    let mut pieces = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| {
            own_error(&error).unwrap_or_else(|| OriginError::Broken(with_sources(&error)))
        })?;
        whole.extend_from_slice(&piece);
        if whole.len() > most {
            let read = stream::once(async move { Ok(Bytes::from(whole)) });
            return Ok(Collected::TooLong(Body::from_stream(read.chain(pieces))));
        }
    }
    Ok(Collected::Whole(whole.into()))
}

/// The error a body was ended with above, from under what it was wrapped in since.
fn own_error(error: &(dyn std::error::Error + 'static)) -> Option<OriginError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(BodyError(error)) = error.downcast_ref() {
            return Some(error.clone());
        }
        next = error.source();
    }
    None
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        told = format!("{told}: {inner}");
        source = inner.source();
    }
    told
}

/// The request head as the origin gets it, all but what a particular exchange adds or removes.
pub(super) fn upstream(
    behaviour: &Behaviour,
    origin: &Origin,
    ask: &Ask,
    method: Method,
) -> Result<http::request::Parts, http::Error> {
    let path = ask.uri.path();
    let query = match (&behaviour.cache, behaviour.forward) {
        (Cache::Policy(policy), Forward::Key) => keyed_query(policy, ask.uri.query().unwrap_or_default()),
        _ => ask.uri.query().unwrap_or_default().to_owned(),
    };
    let prefix = origin.url.path().trim_end_matches('/');
    let authority = origin.url.authority().map_or("", |authority| authority.as_str());
    let question = if query.is_empty() { "" } else { "?" };
    let uri: Uri = format!("http://{authority}{prefix}{path}{question}{query}").parse()?;
    let (mut parts, ()) = Request::builder().method(method).uri(uri).body(())?.into_parts();
    parts.headers = upstream_headers(behaviour, origin, ask);
    Ok(parts)
}

fn upstream_headers(behaviour: &Behaviour, origin: &Origin, ask: &Ask) -> HeaderMap {
    let mut headers = match (&behaviour.cache, behaviour.forward) {
        (Cache::Policy(policy), Forward::Key) => keyed_headers(policy, &ask.headers),
        _ => ask.headers.clone(),
    };
    remove_hop_by_hop(&mut headers);
    headers.remove(header::HOST);
    headers.remove(header::EXPECT);
    if behaviour.compress {
        // The key knows two encodings, so the origin is only told of those.
        headers.remove(header::ACCEPT_ENCODING);
        if ask.key.gzip {
            headers.insert(header::ACCEPT_ENCODING, http::HeaderValue::from_static("gzip"));
        }
    }
    if !headers.contains_key(header::USER_AGENT) {
        headers.insert(header::USER_AGENT, http::HeaderValue::from_static("Amazon CloudFront"));
    }
    let chain = headers.get(FORWARDED_FOR).and_then(|chain| chain.to_str().ok());
    let chain = chain.map_or_else(|| ask.viewer.to_string(), |chain| format!("{chain}, {}", ask.viewer));
    set(&mut headers, FORWARDED_FOR, &chain);
    headers.append(header::VIA, http::HeaderValue::from_static(VIA));
    for (name, value) in &origin.custom_headers {
        headers.insert(name.clone(), value.clone());
    }
    headers
}
