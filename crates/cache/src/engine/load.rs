//! Load, pack, fill; and what stands in when the source has failed.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::find::Turn;
use super::look::Seen;
use super::{Cache, GetError, Lookup};
use crate::answer::{Answer, Bypass, Content, Provenance};
use crate::clock::UnixMillis;
use crate::loader::{LoadError, Loaded};
use crate::packing::{Packed, pack};
use crate::policy::{Policy, millis};
use crate::record::{Encoding, Head, Kind, body_hash};
use crate::rule::Verdict;
use crate::store::{Fill, FillOutcome, StoreError};
use crate::version::Version;

impl Cache {
    /// Loads for a caller whose turn it is, and offers the result to the store.
    pub(super) async fn load_and_fill<L, F>(
        &self,
        lookup: Lookup<'_>,
        turn: Turn,
        load: L,
    ) -> Result<Answer, GetError>
    where
        L: FnOnce() -> F,
        F: Future<Output = Result<Loaded, LoadError>>,
    {
        let departed = self.flights.depart(lookup.key, turn.token, turn.floor);
        let limit = self.load_limit(lookup, &turn);
        let unsettled = self.unsettled_since(lookup.policy, &turn);
        let loaded = match limited(limit, load()).await {
            Ok(loaded) => loaded,
            Err(error) => return self.despite_error(lookup, &turn, error).await,
        };
        let answer = self.fill(lookup, &turn, unsettled, loaded).await;
        departed.land(&answer);
        at_least(lookup.minimum, answer)
    }

    /// Offers what was loaded to the store. The answer says what became of it.
    pub(super) async fn fill(
        &self,
        lookup: Lookup<'_>,
        turn: &Turn,
        unsettled: Option<UnixMillis>,
        loaded: Loaded,
    ) -> Answer {
        let policy = lookup.policy;
        let began = self.began();
        let fill = self.prepare(policy, turn, unsettled, &loaded);
        let offered = self.kept(policy.store_soft_timeout, self.offer(lookup, turn, &fill)).await;
        let provenance = match offered {
            Ok(outcome) => {
                if let (FillOutcome::Stored, Loaded::Found { body, .. }) = (outcome, &loaded)
                    && fill.kind == Kind::Live
                {
                    self.learn_filled(lookup, began, &head_of(&fill, turn), body);
                }
                Provenance::Loaded { miss: turn.miss, fill: outcome }
            }
            Err(failure) => Provenance::Bypassed(Bypass::Failed(failure.name())),
        };
        Answer { settled: unsettled.is_none(), ..loaded_answer(loaded, provenance) }
    }

    /// FILL; for a list, with a look at whether its family's generation is still the one it was built under, sent
    /// together with it. The page's own key knows nothing of the family.
    async fn offer(&self, lookup: Lookup<'_>, turn: &Turn, fill: &Fill) -> Result<FillOutcome, StoreError> {
        let (Some(family), Some(generation)) = (lookup.family, turn.generation) else {
            return self.store.fill(lookup.key, fill).await;
        };
        let (outcome, now) = tokio::try_join!(self.store.fill(lookup.key, fill), self.store.read(family))?;
        let now = now.as_deref().and_then(|raw| Head::decode(raw).ok());
        let lives_on = now.is_some_and(|head| head.token == generation.token);
        Ok(if lives_on { outcome } else { FillOutcome::RefusedToken })
    }

    pub(super) async fn load_past_store<L, F>(
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
        let loaded = limited(policy.load_timeout, load()).await?;
        at_least(minimum, loaded_answer(loaded, Provenance::Bypassed(why)))
    }

    /// How long a load may take: where a body that is not fenced could answer instead, only the soft limit.
    pub(super) fn load_limit(&self, lookup: Lookup<'_>, turn: &Turn) -> Duration {
        let verdict = turn.spare.verdict(lookup, self.clock.now());
        let spare =
            matches!(verdict, Verdict::Hit | Verdict::Old) && self.stand_in(lookup, &turn.spare).is_some();
        if spare {
            lookup.policy.load_soft_timeout.min(lookup.policy.load_timeout)
        } else {
            lookup.policy.load_timeout
        }
    }

    /// When the load of a list begins, if the index behind it may not have caught up yet with what began the family's
    /// generation.
    pub(super) fn unsettled_since(&self, policy: &Policy, turn: &Turn) -> Option<UnixMillis> {
        let (generation, now) = (turn.generation?, self.clock.now());
        (now.saturating_sub(generation.born) < millis(policy.index_settle)).then_some(now)
    }

    /// The source has failed: what can stand in for it does, unless the item is there but invalid.
    pub(super) async fn despite_error(
        &self,
        lookup: Lookup<'_>,
        turn: &Turn,
        error: LoadError,
    ) -> Result<Answer, GetError> {
        match error {
            LoadError::Unavailable(_) => self.stand_in(lookup, &turn.spare).ok_or_else(|| error.into()),
            LoadError::Invalid(_) => {
                self.give_back(lookup, turn).await;
                Err(error.into())
            }
        }
    }

    /// Gives the lease back after a load that the source answered, but with nothing to keep: whoever asks next need not wait
    /// for it. What is left is a marker that is over at once.
    async fn give_back(&self, lookup: Lookup<'_>, turn: &Turn) {
        let policy = lookup.policy;
        let known = turn.spare.head.as_ref().map_or(turn.floor, |head| head.version.max(turn.floor));
        let marker = Fill {
            token: turn.token,
            kind: Kind::Uncached,
            encoding: Encoding::Identity,
            version: known,
            body: Bytes::new(),
            body_hash: 0,
            fresh_until: self.clock.now(),
            ttl: policy.pending_ttl(),
        };
        // Where it fails, the lease ends in its own time.
        let _given_back = self.kept(policy.store_soft_timeout, self.store.fill(lookup.key, &marker)).await;
    }

    /// A body within `stale_if_error` of its fresh time, fenced or not, but never below the caller's minimum.
    fn stand_in(&self, lookup: Lookup<'_>, spare: &Seen) -> Option<Answer> {
        let now = self.clock.now();
        let head = spare.head.as_ref()?;
        let fenced = match spare.verdict(lookup, now) {
            Verdict::Hit => return spare.hit(lookup, now),
            Verdict::Old => false,
            Verdict::Fenced => true,
            _ => return None,
        };
        let within = now < head.fresh_until + millis(lookup.policy.stale_if_error);
        if within && head.version >= lookup.minimum && head.kind != Kind::Uncached {
            spare.answer(Provenance::StaleIfError { fenced })
        } else {
            None
        }
    }

    fn prepare(&self, policy: &Policy, turn: &Turn, unsettled: Option<UnixMillis>, loaded: &Loaded) -> Fill {
        let empty = || Packed { encoding: Encoding::Identity, body: Bytes::new() };
        let (kind, packed, span) = match loaded {
            Loaded::Found { body, .. } if body.len() > policy.max_body => {
                (Kind::Uncached, empty(), policy.fresh_for)
            }
            Loaded::Found { body, .. } => (Kind::Live, pack(body, policy.compress_from), policy.fresh_for),
            Loaded::Absent => (Kind::Absent, empty(), policy.absent_for),
        };
        // What an index that lags has shown ages from when it was asked: a process that froze since must not make it young.
        let (from, span) = match unsettled {
            None => (self.clock.now(), span),
            Some(began) => (began, span.min(policy.unsettled_for)),
        };
        let fresh_for = self.entropy.shorten(span, policy.jitter);
        let grace = match kind {
            // Anybody can ask for what does not exist: such records are small, but there is no end to them.
            Kind::Absent => policy.grace().min(policy.absent_for),
            _ => policy.grace(),
        };
        Fill {
            token: turn.token,
            kind,
            encoding: packed.encoding,
            version: loaded.version(),
            body_hash: hash_of(loaded),
            body: packed.body,
            fresh_until: from + millis(fresh_for),
            ttl: fresh_for + grace,
        }
    }
}

/// Runs a load under its time limit. A load that is late has failed.
pub(super) async fn limited<T>(
    limit: Duration,
    load: impl Future<Output = Result<T, LoadError>>,
) -> Result<T, LoadError> {
    let late = || LoadError::Unavailable(format!("no answer within {limit:?}"));
    timeout(limit, load).await.unwrap_or_else(|_| Err(late()))
}

/// The head of a record whose fill was accepted.
fn head_of(fill: &Fill, turn: &Turn) -> Head {
    Head {
        kind: fill.kind,
        encoding: fill.encoding,
        token: fill.token,
        floor: turn.floor,
        version: fill.version,
        fresh_until: fill.fresh_until,
        body_hash: fill.body_hash,
        lease_until: 0,
    }
}

fn hash_of(loaded: &Loaded) -> u32 {
    match loaded {
        Loaded::Found { body, .. } => body_hash(body),
        Loaded::Absent => 0,
    }
}

pub(super) fn loaded_answer(loaded: Loaded, provenance: Provenance) -> Answer {
    let (version, hash) = (loaded.version(), hash_of(&loaded));
    let content = match loaded {
        Loaded::Found { body, .. } => Content::Live { body, hash },
        Loaded::Absent => Content::Absent,
    };
    Answer { version, content, provenance, settled: true, waited: Duration::ZERO }
}

pub(super) fn at_least(minimum: Version, answer: Answer) -> Result<Answer, GetError> {
    if answer.version < minimum {
        return Err(GetError::BelowMinimum { have: answer.version, minimum });
    }
    Ok(answer)
}
