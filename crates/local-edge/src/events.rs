//! What an edge does, as it does it: for a live page and for tests.

use serde::Serialize;

/// One thing that happened at the edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EdgeEvent {
    /// Wall time in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// What happened.
    pub kind: EventKind,
    /// The cache key in readable form: path and keyed query, then keyed headers and encoding in brackets.
    pub key: String,
    /// The status of the answer or object.
    pub status: u16,
    /// The value of the configured version header, if the answer or object has one.
    pub version: Option<String>,
}

/// The kinds of [`EdgeEvent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Answered from the store.
    Hit,
    /// Answered by the origin: not held, or not usable.
    Miss,
    /// Answered from the store after the origin confirmed the copy.
    RefreshHit,
    /// Answered from the store with a stale copy while a refresh runs.
    StaleWhileRevalidate,
    /// Answered from the store with a stale copy because the origin failed.
    StaleIfError,
    /// Answered by the origin, by a behaviour or method that keeps nothing.
    Pass,
    /// Answered by the edge itself: origin unreachable or too slow, method not allowed, nothing to serve.
    Failed,
    /// A refresh in the background brought nothing that could be kept.
    RefreshFailed,
    /// Put into the store, or put again with fresh headers.
    Stored,
    /// Not put into the store, because a purge ran while it was on its way.
    Refused,
    /// Pushed out of the store by size.
    Evicted,
    /// Taken out of the store by an invalidation.
    Purged,
}
