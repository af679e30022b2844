//! The port to the store: four operations, each atomic on one key in one round trip, and two ways to read less or more.
//!
//! | operation | does |
//! |---|---|
//! | [`read`](CacheStore::read) | returns the record's bytes; [`read_head`](CacheStore::read_head) only its head, [`read_many`](CacheStore::read_many) several records |
//! | [`begin_fill`](CacheStore::begin_fill) | empty key (or another generation): writes a pending head with this token and a lease; else takes the lease if it is free |
//! | [`fill`](CacheStore::fill) | stores a body iff the key still has the token its load began with, the version is not below the floor, and no newer body is there; releases the lease |
//! | [`invalidate`](CacheStore::invalidate) | raises the floor, or (forced) drops the body and gives the key a new token |
//!
//! **A fill needs positive evidence.** A key that was evicted, expired, flushed or re-created since the load began has
//! another token or none, so the old fill is refused. No clock decides this: a process frozen for an hour wakes up
//! and its fill is refused.
//!
//! Bytes that are no `t1` record count as empty for `begin_fill`, refuse every `fill`, and are deleted by
//! `invalidate`, since a floor cannot be written into them.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::clock::UnixMillis;
use crate::key::Key;
use crate::record::{Encoding, Head, Kind, Token};
use crate::version::Version;

/// A store of records. Every error means: nothing is known about what happened. An operation may take as long as its caller
/// waits, and may be abandoned at any time.
#[async_trait]
pub trait CacheStore: Send + Sync {
    /// The bytes under the key, if any.
    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StoreError>;

    /// The first [`HEAD_LEN`](crate::record::HEAD_LEN) bytes under the key, if any; fewer if there are fewer.
    async fn read_head(&self, key: &Key) -> Result<Option<Bytes>, StoreError>;

    /// The bytes under each key, in the order asked, in one round trip per slot; those of one slot are read at one
    /// moment. A slot that fails costs only its own keys.
    async fn read_many(&self, keys: &[Key]) -> Vec<Result<Option<Bytes>, StoreError>>;

    /// Announces a load. See [`BeginFill`].
    async fn begin_fill(&self, key: &Key, begin: &BeginFill) -> Result<Begun, StoreError>;

    /// Offers what was loaded. See [`Fill`].
    async fn fill(&self, key: &Key, fill: &Fill) -> Result<FillOutcome, StoreError>;

    /// Tells the key of a change. Repeats and any order are harmless. See [`Invalidation`].
    async fn invalidate(&self, key: &Key, invalidation: &Invalidation) -> Result<Invalidated, StoreError>;
}

/// The arguments of BEGIN_FILL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginFill {
    /// The token the key is born with, if it is empty.
    pub token: Token,
    /// The caller's clock, to tell whether a lease has run out.
    pub now: UnixMillis,
    /// How long the lease lasts once taken.
    pub lease: Duration,
    /// How long a pending head lives. An existing key keeps its time to live: were it extended here, a floor that
    /// outlived its item would never be forgotten under steady reads.
    pub pending_ttl: Duration,
    /// The token is the generation of the family this record belongs to: a record of another generation counts as
    /// empty. Otherwise a record that is there keeps its token.
    pub generational: bool,
}

/// The answer of BEGIN_FILL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The head after the operation. Its token is the one a later [`Fill`] must show.
    pub head: Head,
    /// Whether this call took the lease.
    pub holds_lease: bool,
}

/// The arguments of FILL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The token BEGIN_FILL returned.
    pub token: Token,
    /// Anything but [`Kind::Pending`].
    pub kind: Kind,
    /// How the body is encoded.
    pub encoding: Encoding,
    /// The version that was loaded; zero if absent.
    pub version: Version,
    /// The body as stored; empty unless live.
    pub body: Bytes,
    /// CRC-32 of the body as loaded.
    pub body_hash: u32,
    /// Until when the body is fresh.
    pub fresh_until: UnixMillis,
    /// How long the record lives. Longer than the body is fresh where stale answers are allowed.
    pub ttl: Duration,
}

/// What became of a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillOutcome {
    /// Stored.
    Stored,
    /// Refused: the key is gone, or lives another life (evicted, expired, flushed, forcibly invalidated).
    RefusedToken,
    /// Refused: an invalidation told of a newer version while the load ran.
    RefusedFloor,
    /// Refused: a newer body is there already.
    RefusedNewer,
}

/// What a key is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalidation {
    /// The item has at least this version: `floor = max(floor, version)`. A body below it is fenced. Where the floor
    /// grew the lease is released, because its holder may be loading what was just replaced; a repeat leaves the
    /// lease alone, because whoever took it since will load this version or a newer one.
    UpTo(Version),
    /// Something the version cannot order: drops the body, sets the floor to zero and gives the key a new life.
    Forced {
        /// The token of that life.
        token: Token,
        /// When it begins, by the caller's clock.
        born: UnixMillis,
    },
}

/// What an invalidation met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalidated {
    /// The key was empty: nothing was written, and nothing needed to be.
    Empty,
    /// The floor was this high already.
    Unchanged,
    /// The floor was raised.
    Raised,
    /// The body was dropped (forced).
    Dropped,
}

/// Why the store gave no answer. Nothing is known about what happened to the key.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No answer in time.
    #[error("the store did not answer in time")]
    TimedOut,
    /// No connection, or it broke.
    #[error("the store cannot be reached: {0}")]
    Unavailable(String),
    /// The store answered with an error (out of memory, read-only, no permission, a malformed reply).
    #[error("the store refused the command: {0}")]
    Refused(String),
}

impl StoreError {
    /// A short stable name, for headers, logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            StoreError::TimedOut => "timeout",
            StoreError::Unavailable(_) => "unavailable",
            StoreError::Refused(_) => "refused",
        }
    }
}
