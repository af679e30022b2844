//! The handle on one edge.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use serde::Serialize;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::config::{ConfigError, EdgeConfig};
use crate::events::EdgeEvent;
use crate::exchange::Exchange;
use crate::http_rules::decompress;
use crate::invalidation::Item;

/// One edge. Clones share its store.
#[derive(Debug, Clone)]
pub struct Edge(Arc<Exchange>);

/// An object the edge holds.
#[derive(Debug, Clone, Serialize)]
pub struct Held {
    /// The cache key in readable form, as in [`EdgeEvent`].
    pub key: String,
    /// Its status.
    pub status: u16,
    /// The value of the configured version header.
    pub version: Option<String>,
    /// Its tags, in lower case.
    pub tags: Vec<String>,
    /// Its current age.
    pub age: Duration,
    /// What is left of its freshness; zero when stale.
    pub fresh_for: Duration,
    /// The size of its stored body in bytes.
    pub bytes: usize,
    /// Its stored headers, the tag header among them.
    #[serde(skip)]
    pub headers: HeaderMap,
    /// Its body as the origin sent it: what the edge has compressed is plain again.
    #[serde(skip)]
    pub body: Bytes,
}

impl Edge {
    /// Builds an edge with an empty store. Needs no runtime until the first request.
    pub fn new(config: EdgeConfig) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(Exchange::new(config)?)))
    }

    /// Answers every request on every path.
    pub fn router(&self) -> Router {
        let edge = self.clone();
        Router::new().fallback(move |request: Request<Body>| async move { edge.call(request).await })
    }

    /// Answers one request.
    pub async fn call(&self, request: Request<Body>) -> Response<Body> {
        self.0.clone().serve(request).await
    }

    /// What happens from now on. A receiver that falls more than 4,096 events behind loses the oldest.
    pub fn subscribe(&self) -> broadcast::Receiver<EdgeEvent> {
        self.0.subscribe()
    }

    /// Takes out of the store what the items cover; returns the number of objects.
    pub fn purge(&self, items: &[Item]) -> usize {
        self.0.purge(items)
    }

    /// What is held for a URL, in all its variants, without counting as a use. With a query string only objects whose keyed
    /// query is that one, without one all objects of the path.
    pub fn peek(&self, url: &Uri) -> Vec<Held> {
        let wanted =
            url.query().map(|query| format!("{}?{}", url.path(), crate::key::sorted(query, |_| true)));
        let now = Instant::now();
        let found = self.0.store.peek(url.path()).into_iter();
        found
            .filter(|entry| wanted.as_ref().is_none_or(|wanted| *wanted == entry.key.target))
            .map(|entry| Held {
                key: entry.key.to_string(),
                status: entry.status.as_u16(),
                version: entry.version.clone(),
                tags: entry.tags.clone(),
                age: entry.age(now),
                fresh_for: entry.fresh_for(now),
                bytes: entry.body.len(),
                headers: entry.headers.clone(),
                // The edge's own gzip can be read; an empty body is the worst a broken one comes to.
                body: if entry.squeezed {
                    decompress(&entry.body).unwrap_or_default()
                } else {
                    entry.body.clone()
                },
            })
            .collect()
    }

    /// The number of stored objects and the bytes they take.
    pub fn size(&self) -> (usize, usize) {
        self.0.store.size()
    }
}
