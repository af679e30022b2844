//! Requests, hits, writes and purges by key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Method};
use local_edge::{EdgeEvent, EventKind};
use serde::{Deserialize, Serialize};

/// So many keys are told apart; what comes later counts as [`OTHERS`].
pub const MAX_KEYS: usize = 10_000;
/// The name of all keys that are not told apart.
pub const OTHERS: &str = "(others)";
/// Where products are read.
const PRODUCTS: &str = "/api/products/";
/// Where they are written.
const ADMIN: &str = "/api/admin/products/";

/// What was asked for since the stack began.
#[derive(Debug, Default)]
pub struct Traffic(Mutex<HashMap<String, Counts>>);

/// What happened to one key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests at the edge.
    pub edge: u64,
    /// Answered there.
    pub edge_hits: u64,
    /// Reads at the API behind it.
    pub api: u64,
    /// Answered by a process's memory.
    pub memory_hits: u64,
    /// Answered by Valkey, fresh or stale.
    pub valkey_hits: u64,
    /// Writes through the API by their method: PUT.
    pub puts: u64,
    /// PATCH.
    pub patches: u64,
    /// DELETE.
    pub deletes: u64,
    /// Changes the stream told of, whoever made them.
    pub streamed: u64,
    /// Objects the edge threw out.
    pub purges: u64,
}

/// One key and what happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// A path with its query string.
    pub key: String,
    /// What happened to it.
    #[serde(flatten)]
    pub counts: Counts,
}

impl Counts {
    /// Writes that did not come through the API. Until the stream has told of those that did, none.
    pub fn foreign(&self) -> u64 {
        self.streamed.saturating_sub(self.puts + self.patches + self.deletes)
    }
}

impl Traffic {
    /// The busiest keys, busiest first.
    pub fn top(&self, most: usize) -> Vec<Key> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<_> =
            all.iter().map(|(key, counts)| Key { key: key.clone(), counts: counts.clone() }).collect();
        drop(all);
        let heat = |key: &Key| key.counts.edge.max(key.counts.api) + key.counts.streamed;
        keys.sort_by(|a, b| heat(b).cmp(&heat(a)).then_with(|| a.key.cmp(&b.key)));
        keys.truncate(most);
        keys
    }

    /// Something happened at the edge.
    pub fn at_edge(&self, event: &EdgeEvent) {
        let key = event.key.split(' ').next().unwrap_or_default();
        if !key.starts_with("/api/") {
            return;
        }
        self.count(key, |counts| match event.kind {
            EventKind::Hit
            | EventKind::RefreshHit
            | EventKind::StaleWhileRevalidate
            | EventKind::StaleIfError => {
                counts.edge += 1;
                counts.edge_hits += 1;
            }
            EventKind::Miss | EventKind::Failed => counts.edge += 1,
            EventKind::Purged => counts.purges += 1,
            EventKind::Pass
            | EventKind::RefreshFailed
            | EventKind::Stored
            | EventKind::Refused
            | EventKind::Evicted => {}
        });
    }

    /// The stream told of a change of a product.
    pub fn streamed(&self, product: &str) {
        self.count(&format!("{PRODUCTS}{product}"), |counts| counts.streamed += 1);
    }

    /// The API has answered.
    fn answered(&self, method: &Method, target: &str, response: &Response) {
        if let Some(product) = target.strip_prefix(ADMIN) {
            if response.status().is_success() {
                self.count(&format!("{PRODUCTS}{product}"), |counts| match *method {
                    Method::PUT => counts.puts += 1,
                    Method::PATCH => counts.patches += 1,
                    Method::DELETE => counts.deletes += 1,
                    _ => {}
                });
            }
            return;
        }
        let (memory, valkey) = levels(response.headers());
        self.count(target, |counts| {
            counts.api += 1;
            counts.memory_hits += u64::from(memory);
            counts.valkey_hits += u64::from(valkey);
        });
    }

    fn count(&self, key: &str, add: impl FnOnce(&mut Counts)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.len() < MAX_KEYS || all.contains_key(key);
        add(all.entry(if known { key } else { OTHERS }.to_owned()).or_default());
    }
}

/// Whether memory, or else Valkey, answered, by `Cache-Status`.
fn levels(headers: &HeaderMap) -> (bool, bool) {
    let status = headers.get("cache-status").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let memory = status.contains("Memory; hit");
    (memory, !memory && status.starts_with("Valkey; hit"))
}

/// Counts what passes through the API.
pub async fn count(State(traffic): State<Arc<Traffic>>, request: Request, next: Next) -> Response {
    let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let method = request.method().clone();
    let response = next.run(request).await;
    traffic.answered(&method, &target, &response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn answer(traffic: &Traffic, method: Method, target: &str, status: u16, said: &str) {
        let response = Response::builder().status(status).header("cache-status", said);
        traffic.answered(&method, target, &response.body(Body::empty()).unwrap());
    }

    fn event(kind: EventKind, key: &str) -> EdgeEvent {
        EdgeEvent { at_ms: 0, kind, key: key.to_owned(), status: 200, version: None }
    }

    #[test]
    fn each_level_counts_what_it_answered_and_what_is_written_counts_for_what_is_read() {
        let traffic = Traffic::default();
        let key = "/api/products/b-1";
        for kind in [EventKind::Miss, EventKind::Hit, EventKind::Stored, EventKind::Purged] {
            traffic.at_edge(&event(kind, &format!("{key} [gzip]")));
        }
        traffic.at_edge(&event(EventKind::Hit, "/index.html"));
        answer(&traffic, Method::GET, key, 200, "Valkey; hit; ttl=9");
        answer(&traffic, Method::GET, key, 200, "Valkey; hit; detail=head, Memory; hit; ttl=9");
        answer(&traffic, Method::GET, key, 200, "Valkey; fwd=uri-miss; stored");
        answer(&traffic, Method::PATCH, "/api/admin/products/b-1", 200, "Valkey; fwd=method");
        answer(&traffic, Method::DELETE, "/api/admin/products/b-1", 412, "");
        (0..3).for_each(|_| traffic.streamed("b-1"));
        let counts = Counts {
            edge: 2,
            edge_hits: 1,
            api: 3,
            memory_hits: 1,
            valkey_hits: 1,
            patches: 1,
            streamed: 3,
            purges: 1,
            ..Counts::default()
        };
        assert_eq!(counts.foreign(), 2);
        assert_eq!(traffic.top(10), [Key { key: key.to_owned(), counts }]);
    }

    #[test]
    fn the_busiest_come_first_and_there_is_no_end_of_keys_only_of_names() {
        let traffic = Traffic::default();
        for key in 0..MAX_KEYS + 2 {
            answer(&traffic, Method::GET, &format!("/api/products/{key}"), 404, "");
        }
        answer(&traffic, Method::GET, "/api/products/7", 200, "");
        let top = traffic.top(2);
        assert_eq!((top[0].key.as_str(), top[0].counts.api), (OTHERS, 2));
        assert_eq!((top[1].key.as_str(), top[1].counts.api), ("/api/products/7", 2));
    }
}
