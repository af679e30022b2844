//! `get_or_load`: hit, or wait, or load and fill.
//!
//! ```text
//! READ ── hit ─────────────────────────────────────────────────► answer (now and then refreshed first, near its end)
//!   └─ miss ─ BEGIN_FILL ── lease ─── load (strong) ─ FILL ────► answer (no-store if the fill was refused)
//!                └─ no lease ─ old, not fenced, policy allows ─► answer, stale
//!                      ├─ a load of this process may be joined ► its answer
//!                      └─ look again with jitter, then compete again
//! the store fails anywhere ─ load (strong) ────────────────────► answer, brief
//! the source fails ─ a body within its limits ─────────────────► answer, stale, no-store
//! ```
//!
//! | step | file |
//! |---|---|
//! | what the store, and this process's memory, have | `look` |
//! | whose turn it is: answer, wait, join or load | `find` |
//! | load, pack, fill, stand in for a failed source | `load` |
//! | many keys at once | `batch` |
//! | time limits and the breaker | `limits` |
//!
//! The refresh of an old body runs in the lease holder's own request: a function is frozen when it has answered, so
//! there is no background to refresh in.

mod batch;
mod find;
mod limits;
mod load;
mod look;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::answer::{Answer, Bypass};
use crate::breaker::{Breaker, BreakerConfig};
use crate::clock::Clock;
use crate::counts::{Counters, Counts};
use crate::entropy::Entropy;
use crate::flight::Flights;
use crate::key::Key;
use crate::loader::{LoadError, Loaded};
use crate::local::Local;
use crate::policy::Policy;
use crate::store::{CacheStore, Invalidated, Invalidation, StoreError};
use crate::version::Version;
use find::Found;

/// The cache. One per process, shared by its requests.
pub struct Cache {
    store: Arc<dyn CacheStore>,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    breaker: Breaker,
    local: Local,
    flights: Flights,
    counters: Counters,
}

/// What holds for the whole process, whatever the family of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// When a failing store is left alone.
    pub breaker: BreakerConfig,
    /// How many bytes of bodies the process keeps in its own memory; zero: none. Default 16 MiB.
    pub local_bytes: usize,
}

impl Default for CacheConfig {
    fn default() -> Self {
        CacheConfig { breaker: BreakerConfig::default(), local_bytes: 16 << 20 }
    }
}

/// What a caller asks for.
#[derive(Debug, Clone, Copy)]
pub struct Lookup<'a> {
    /// The record's key.
    pub key: &'a Key,
    /// How its family is cached.
    pub policy: &'a Policy,
    /// The lowest version the caller accepts; zero: any.
    pub minimum: Version,
    /// Go to the source even if the store has an answer (and offer it what was loaded).
    pub reload: bool,
    /// The key of the family whose generation the record must have been built under, in the same slot; see
    /// [`Cache::renew_family`]. `None` for what stands by itself.
    pub family: Option<&'a Key>,
}

impl<'a> Lookup<'a> {
    /// Any version of what stands by itself, from the store if it has it.
    pub fn of(key: &'a Key, policy: &'a Policy) -> Self {
        Lookup { key, policy, minimum: Version::ZERO, reload: false, family: None }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GetError {
    /// The source has failed and nothing stale may stand in.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The source itself is below the caller's minimum.
    #[error("the source has version {have}, below the version {minimum} that was asked for")]
    BelowMinimum {
        /// What the source has; zero if absent.
        have: Version,
        /// What the caller asked for.
        minimum: Version,
    },
}

impl Cache {
    /// A cache over a store.
    pub fn new(
        store: Arc<dyn CacheStore>,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
        config: CacheConfig,
    ) -> Self {
        Cache {
            store,
            clock,
            entropy,
            breaker: Breaker::new(config.breaker),
            local: Local::new(config.local_bytes),
            flights: Flights::default(),
            counters: Counters::default(),
        }
    }

    /// The item from the store, or from `load`.
    ///
    /// `load` must read strongly consistently. It runs at most once. A failing store never fails the call; the
    /// errors are [`GetError`].
    pub async fn get_or_load<L, F>(&self, lookup: Lookup<'_>, load: L) -> Result<Answer, GetError>
    where
        L: FnOnce() -> F,
        F: Future<Output = Result<Loaded, LoadError>>,
    {
        let policy = lookup.policy;
        let (found, waited) = match self.bypassed(policy) {
            Some(why) => (Found::Past(why), Duration::ZERO),
            None => self.find(lookup, Instant::now() + policy.wait).await,
        };
        let result = match found {
            Found::Answer(answer) => Ok(answer),
            // What a hit does not need is not carried through its layers.
            Found::Turn(turn) => Box::pin(self.load_and_fill(lookup, turn, load)).await,
            Found::Past(why) => Box::pin(self.load_past_store(policy, lookup.minimum, why, load)).await,
        };
        self.counted(result.map(|answer| Answer { waited, ..answer }))
    }

    /// The item from the source, never below `minimum`; the store is neither asked nor told.
    pub async fn load_only<L, F>(
        &self,
        policy: &Policy,
        minimum: Version,
        load: L,
    ) -> Result<Answer, GetError>
    where
        L: FnOnce() -> F,
        F: Future<Output = Result<Loaded, LoadError>>,
    {
        self.counted(self.load_past_store(policy, minimum, Bypass::Requested, load).await)
    }

    /// Tells the store that the item has at least this version.
    ///
    /// Always attempted, whatever the breaker says. An error means the key may not have been told: repeat it.
    pub async fn raise_floor(
        &self,
        key: &Key,
        version: Version,
        limit: Duration,
    ) -> Result<Invalidated, StoreError> {
        self.tell(key, Invalidation::UpTo(version), limit).await
    }

    /// Tells the store to drop the item, for what the version cannot order. Errors as [`Cache::raise_floor`].
    pub async fn drop_item(&self, key: &Key, limit: Duration) -> Result<Invalidated, StoreError> {
        let forced = Invalidation::Forced { token: self.entropy.token(), born: self.clock.now() };
        self.tell(key, forced, limit).await
    }

    /// Gives a family a new generation, so that no record built under another one answers any more. Errors as
    /// [`Cache::raise_floor`].
    ///
    /// A family is a key like any other whose record never gets a body: its token is the generation. If the key is
    /// empty, nothing need be written: the next reader begins a generation that never was before.
    pub async fn renew_family(&self, family: &Key, limit: Duration) -> Result<Invalidated, StoreError> {
        self.drop_item(family, limit).await
    }

    /// What was answered so far, and from where.
    pub fn counts(&self) -> Counts {
        self.counters.snapshot()
    }

    /// Whether reads leave the store alone, because it failed so often of late.
    pub fn is_breaker_open(&self) -> bool {
        self.breaker.is_open()
    }

    async fn tell(
        &self,
        key: &Key,
        invalidation: Invalidation,
        limit: Duration,
    ) -> Result<Invalidated, StoreError> {
        let told = limits::within(limit, self.store.invalidate(key, &invalidation)).await;
        // Whether or not the store was told: this process knows.
        self.local.forget(key);
        told
    }

    /// Whether the store is not to be asked at all.
    fn bypassed(&self, policy: &Policy) -> Option<Bypass> {
        if policy.bypass {
            Some(Bypass::Policy)
        } else if !self.breaker.admits(self.clock.now()) {
            Some(Bypass::BreakerOpen)
        } else {
            None
        }
    }

    fn counted(&self, result: Result<Answer, GetError>) -> Result<Answer, GetError> {
        match &result {
            Ok(answer) => self.counters.answered(answer),
            Err(_) => self.counters.failed(),
        }
        result
    }
}
