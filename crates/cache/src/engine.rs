//! `get_or_load`: hit, or wait, or load and fill.
//!
//! ```text
//! READ ── hit ─────────────────────────────────────────────────► answer
//!   └─ miss ─ BEGIN_FILL ── lease ─── load (strong) ─ FILL ────► answer (no-store if the fill was refused)
//!                └─ no lease ─ old, not fenced, policy allows ─► answer, stale
//!                      └─ look again with jitter, then compete again
//! the store fails anywhere ─ load (strong) ────────────────────► answer, brief
//! the source fails ─ a body within its limits ─────────────────► answer, stale, no-store
//! ```
//!
//! The refresh of an old body runs in the lease holder's own request: a function is frozen when it has answered, so
//! there is no background to refresh in.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::answer::{Answer, Bypass, Content, MissReason, Provenance};
use crate::breaker::{Breaker, BreakerConfig};
use crate::clock::{Clock, UnixMillis};
use crate::entropy::Entropy;
use crate::key::Key;
use crate::loader::{LoadError, Loaded};
use crate::policy::Policy;
use crate::record::{Kind, Record, Token, body_hash};
use crate::rule::{Verdict, judge};
use crate::store::{BeginFill, Begun, CacheStore, Fill, Invalidated, Invalidation, StoreError};
use crate::version::Version;

/// The cache. One per process, shared by its requests.
pub struct Cache {
    store: Arc<dyn CacheStore>,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    breaker: Breaker,
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
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
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
        breaker: BreakerConfig,
    ) -> Self {
        Cache { store, clock, entropy, breaker: Breaker::new(breaker) }
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
        if !self.breaker.admits(self.clock.now()) {
            return self.load_past_store(lookup.policy, lookup.minimum, Bypass::BreakerOpen, load).await;
        }
        match self.find(lookup).await {
            Ok(Found::Answer(answer)) => Ok(answer),
            Ok(Found::Turn(turn)) => self.load_and_fill(lookup, turn, load).await,
            Err(failure) => {
                let why = Bypass::Failed(failure.name());
                self.load_past_store(lookup.policy, lookup.minimum, why, load).await
            }
        }
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
        self.load_past_store(policy, minimum, Bypass::Requested, load).await
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
        self.told(limit, self.store.invalidate(key, &Invalidation::UpTo(version))).await
    }

    /// Tells the store to drop the item, for what the version cannot order. Errors as [`Cache::raise_floor`].
    pub async fn drop_item(&self, key: &Key, limit: Duration) -> Result<Invalidated, StoreError> {
        let forced = Invalidation::Forced(self.entropy.token());
        self.told(limit, self.store.invalidate(key, &forced)).await
    }

    /// Looks until there is an answer, or it is this caller's turn to load.
    async fn find(&self, lookup: Lookup<'_>) -> Result<Found, StoreError> {
        let give_up = Instant::now() + lookup.policy.wait;
        let mut pause = lookup.policy.poll_min;
        let mut miss = MissReason::Requested;
        let mut spare = None;
        loop {
            if !lookup.reload {
                let record = self.read(lookup).await?;
                let now = self.clock.now();
                let verdict =
                    record.as_ref().map_or(Verdict::Pending, |r| judge(&r.head, lookup.minimum, now));
                if let (Verdict::Hit, Some(record)) = (verdict, &record) {
                    let left = Duration::from_millis(record.head.fresh_until.saturating_sub(now));
                    return Ok(Found::Answer(answer(record, Provenance::Hit(left))));
                }
                let leased = record.as_ref().is_some_and(|r| r.head.is_leased(now));
                miss = miss_reason(verdict);
                spare = record;
                if leased && Instant::now() < give_up {
                    if let Some(answer) = self.while_revalidating(lookup, verdict, spare.as_ref(), now) {
                        return Ok(Found::Answer(answer));
                    }
                    self.pause(&mut pause, lookup.policy, give_up).await;
                    continue;
                }
            }
            let begun = self.begin_fill(lookup).await?;
            let patient = !lookup.reload && Instant::now() < give_up;
            let answerable = judge(&begun.head, lookup.minimum, self.clock.now()) == Verdict::Hit;
            if begun.holds_lease || !patient {
                // Somebody filled it between the look and the announcement: look again rather than load again.
                if answerable && patient {
                    continue;
                }
                return Ok(Found::Turn(Turn { token: begun.head.token, miss, spare }));
            }
        }
    }

    /// Loads for a caller whose turn it is, and offers the result to the store.
    async fn load_and_fill<L, F>(&self, lookup: Lookup<'_>, turn: Turn, load: L) -> Result<Answer, GetError>
    where
        L: FnOnce() -> F,
        F: Future<Output = Result<Loaded, LoadError>>,
    {
        let loaded = match self.load(lookup.policy, load).await {
            Ok(loaded) => loaded,
            Err(error) => return self.despite_error(lookup, turn.spare, error),
        };
        let fill = self.prepare(lookup.policy, turn.token, &loaded);
        let provenance =
            match self.kept(lookup.policy.store_timeout, self.store.fill(lookup.key, &fill)).await {
                Ok(outcome) => Provenance::Loaded { miss: turn.miss, fill: outcome },
                Err(failure) => Provenance::Bypassed(Bypass::Failed(failure.name())),
            };
        at_least(lookup.minimum, loaded_answer(loaded, fill.body_hash, provenance))
    }

    async fn load_past_store<L, F>(
        &self,
        policy: &Policy,
        minimum: Version,
        why: Bypass,
        load: L,
    ) -> Result<Answer, GetError>
    where
        L: FnOnce() -> F,
        F: Future<Output = Result<Loaded, LoadError>>,
    {
        let loaded = self.load(policy, load).await?;
        let hash = hash_of(&loaded);
        at_least(minimum, loaded_answer(loaded, hash, Provenance::Bypassed(why)))
    }

    async fn load<L, F>(&self, policy: &Policy, load: L) -> Result<Loaded, LoadError>
    where
        L: FnOnce() -> F,
        F: Future<Output = Result<Loaded, LoadError>>,
    {
        let late = || LoadError::Unavailable(format!("no answer within {:?}", policy.load_timeout));
        timeout(policy.load_timeout, load()).await.unwrap_or_else(|_| Err(late()))
    }

    /// A record past its fresh time answers while the lease holder refreshes it; never a fenced one.
    fn while_revalidating(
        &self,
        lookup: Lookup<'_>,
        verdict: Verdict,
        record: Option<&Record>,
        now: UnixMillis,
    ) -> Option<Answer> {
        let record = record.filter(|_| verdict == Verdict::Old)?;
        let within = now < record.head.fresh_until + millis(lookup.policy.stale_while_revalidate);
        within.then(|| answer(record, Provenance::StaleWhileRevalidate))
    }

    /// The source has failed: a body within `stale_if_error` answers, fenced or not, but never below the caller's
    /// minimum, and never in place of an item that is there but invalid.
    fn despite_error(
        &self,
        lookup: Lookup<'_>,
        spare: Option<Record>,
        error: LoadError,
    ) -> Result<Answer, GetError> {
        let now = self.clock.now();
        let usable = |record: &Record| {
            matches!(judge(&record.head, lookup.minimum, now), Verdict::Old | Verdict::Fenced)
                && record.head.version >= lookup.minimum
                && now < record.head.fresh_until + millis(lookup.policy.stale_if_error)
        };
        match (error, spare) {
            (LoadError::Unavailable(_), Some(record)) if usable(&record) => {
                let fenced = record.head.version < record.head.floor;
                Ok(answer(&record, Provenance::StaleIfError { fenced }))
            }
            (error, _) => Err(error.into()),
        }
    }

    /// What cannot be decoded is a miss.
    async fn read(&self, lookup: Lookup<'_>) -> Result<Option<Record>, StoreError> {
        let raw = self.kept(lookup.policy.store_timeout, self.store.read(lookup.key)).await?;
        Ok(raw.and_then(|raw| Record::decode(&raw).ok()))
    }

    async fn begin_fill(&self, lookup: Lookup<'_>) -> Result<Begun, StoreError> {
        let begin = BeginFill {
            token: self.entropy.token(),
            now: self.clock.now(),
            lease: lookup.policy.lease,
            pending_ttl: lookup.policy.pending_ttl(),
        };
        self.kept(lookup.policy.store_timeout, self.store.begin_fill(lookup.key, &begin)).await
    }

    fn prepare(&self, policy: &Policy, token: Token, loaded: &Loaded) -> Fill {
        let (kind, body, span) = match loaded {
            Loaded::Found { body, .. } => (Kind::Live, body.clone(), policy.fresh_for),
            Loaded::Absent => (Kind::Absent, bytes::Bytes::new(), policy.absent_for),
        };
        let fresh_for = self.entropy.shorten(span, policy.jitter);
        Fill {
            token,
            kind,
            version: loaded.version(),
            body_hash: hash_of(loaded),
            body,
            fresh_until: self.clock.now() + millis(fresh_for),
            ttl: fresh_for + policy.grace(),
        }
    }

    async fn pause(&self, pause: &mut Duration, policy: &Policy, give_up: Instant) {
        let until = (Instant::now() + self.entropy.shorten(*pause, 0.5)).min(give_up);
        *pause = (*pause * 2).min(policy.poll_max);
        tokio::time::sleep_until(until).await;
    }

    /// Runs an operation under its time limit and keeps the breaker informed.
    async fn kept<T>(
        &self,
        limit: Duration,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let result = self.told(limit, operation).await;
        match &result {
            Ok(_) => self.breaker.succeeded(),
            Err(error) => {
                tracing::warn!(error = %error, "the cache store failed");
                self.breaker.failed(self.clock.now());
            }
        }
        result
    }

    async fn told<T>(
        &self,
        limit: Duration,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        timeout(limit, operation).await.unwrap_or(Err(StoreError::TimedOut))
    }
}

/// What [`Cache::find`] ends with.
enum Found {
    Answer(Answer),
    Turn(Turn),
}

/// It is this caller's turn to load.
struct Turn {
    /// What its fill must show.
    token: Token,
    /// Why the store had no answer.
    miss: MissReason,
    /// What could stand in if the source fails.
    spare: Option<Record>,
}

fn miss_reason(verdict: Verdict) -> MissReason {
    match verdict {
        Verdict::Hit | Verdict::Old => MissReason::Expired,
        Verdict::Fenced => MissReason::Fenced,
        Verdict::BelowMinimum => MissReason::BelowMinimum,
        Verdict::Pending | Verdict::Unreadable => MissReason::Empty,
    }
}

fn answer(record: &Record, provenance: Provenance) -> Answer {
    let content = match record.head.kind {
        Kind::Live => Content::Live { body: record.body.clone(), hash: record.head.body_hash },
        Kind::Absent | Kind::Pending => Content::Absent,
    };
    Answer { version: record.head.version, content, provenance }
}

fn loaded_answer(loaded: Loaded, hash: u32, provenance: Provenance) -> Answer {
    let version = loaded.version();
    let content = match loaded {
        Loaded::Found { body, .. } => Content::Live { body, hash },
        Loaded::Absent => Content::Absent,
    };
    Answer { version, content, provenance }
}

fn at_least(minimum: Version, answer: Answer) -> Result<Answer, GetError> {
    let have = answer.version;
    if have < minimum { Err(GetError::BelowMinimum { have, minimum }) } else { Ok(answer) }
}

fn hash_of(loaded: &Loaded) -> u32 {
    match loaded {
        Loaded::Found { body, .. } => body_hash(body),
        Loaded::Absent => 0,
    }
}

fn millis(span: Duration) -> UnixMillis {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
