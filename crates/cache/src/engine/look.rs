//! What the store has under a key, with the body from this process's memory where the head vouches for it.

use std::time::Duration;

use bytes::Bytes;

use super::{Cache, Lookup};
use crate::answer::{Answer, Content, Provenance};
use crate::clock::UnixMillis;
use crate::local::Ticket;
use crate::policy::millis;
use crate::record::{Head, Kind, Record, Token};
use crate::rule::{Verdict, judge};
use crate::store::StoreError;

/// What a look at the store has shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The record's head; `None` if there is no record this release can read.
    pub(super) head: Option<Head>,
    /// The body as it was loaded; `None` if there is none, or it cannot be read.
    pub(super) body: Option<Bytes>,
    /// The family's generation; `None` if there is none, or the record stands by itself.
    pub(super) generation: Option<Generation>,
    /// Whether the body came from this process's memory.
    local: bool,
}

/// The life of a family: what a list must have been built under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation {
    pub(super) token: Token,
    pub(super) born: UnixMillis,
}

impl Generation {
    pub(super) fn of(head: &Head) -> Self {
        Generation { token: head.token, born: head.fresh_until }
    }
}

/// When a look began: what this process learns later refutes what it brings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Began {
    ticket: Ticket,
    at: UnixMillis,
}

impl Cache {
    /// Looks: one round trip; two if the body kept in this process turns out to be another one.
    pub(super) async fn look(&self, lookup: Lookup<'_>) -> Result<Seen, StoreError> {
        let began = self.began();
        let kept = self.local.get(lookup.key).filter(|entry| entry.body.len() >= lookup.policy.local_from);
        let generation = async {
            match lookup.family {
                Some(family) => self.store.read(family).await,
                None => Ok(None),
            }
        };
        let record = async {
            match &kept {
                Some(_) => self.store.read_head(lookup.key).await,
                None => self.store.read(lookup.key).await,
            }
        };
        // Sent together on one connection: one round trip.
        let both = async { tokio::try_join!(generation, record) };
        let (generation, raw) = self.kept(lookup.policy.store_timeout, both).await?;
        let head = raw.as_deref().and_then(|raw| Head::decode(raw).ok());
        let generation = generation.as_deref().and_then(|raw| Head::decode(raw).ok());
        let generation = generation.as_ref().map(Generation::of);
        if let Some(kept) = kept {
            return match head {
                Some(head) if kept.vouched_by(&head) => {
                    let seen = Seen { head: Some(head), body: Some(kept.body), generation, local: true };
                    self.learn(lookup, began, &seen);
                    Ok(seen)
                }
                _ => {
                    self.local.forget(lookup.key);
                    let raw = self.kept(lookup.policy.store_timeout, self.store.read(lookup.key)).await?;
                    Ok(self.interpret(lookup, began, raw, generation))
                }
            };
        }
        Ok(self.interpret(lookup, began, raw, generation))
    }

    /// Makes sense of a record's bytes, and keeps the body in this process if the policy says so. What cannot be
    /// decoded is a miss.
    pub(super) fn interpret(
        &self,
        lookup: Lookup<'_>,
        began: Began,
        raw: Option<Bytes>,
        generation: Option<Generation>,
    ) -> Seen {
        let Some(Ok(record)) = raw.map(|raw| Record::decode(&raw)) else {
            return Seen { generation, ..Seen::default() };
        };
        let body = record.loaded(lookup.policy.max_body);
        let seen = Seen { head: Some(record.head), body, generation, local: false };
        self.learn(lookup, began, &seen);
        seen
    }

    pub(super) fn began(&self) -> Began {
        Began { ticket: self.local.ticket(), at: self.clock.now() }
    }

    /// The answer this process gave lately, where the policy lets it answer without asking.
    pub(super) fn lately(&self, lookup: Lookup<'_>) -> Option<Answer> {
        let now = self.clock.now();
        let entry = self.local.fresh(lookup.key, now, lookup.policy.local_ttl)?;
        let hit = judge(&entry.head, lookup.minimum, now) == Verdict::Hit;
        let left = entry.head.fresh_for(now);
        hit.then(|| answer(&entry.head, entry.body, Provenance::LocalHit { left, timed: true }))
    }

    fn learn(&self, lookup: Lookup<'_>, began: Began, seen: &Seen) {
        let policy = lookup.policy;
        let timed = !policy.local_ttl.is_zero();
        let worth = |body: &Bytes| timed || body.len() >= policy.local_from;
        let verdict = seen.verdict(lookup, began.at);
        match (&seen.head, &seen.body) {
            (Some(head), Some(body)) if matches!(verdict, Verdict::Hit | Verdict::Old) => {
                if worth(body) {
                    self.local.learn(lookup.key, began.ticket, began.at, head, body);
                }
            }
            // Below this caller's minimum says nothing about others.
            _ if verdict == Verdict::BelowMinimum => {}
            _ => self.local.forget(lookup.key),
        }
    }

    /// What the store has just accepted may be kept in this process as well.
    pub(super) fn learn_filled(&self, lookup: Lookup<'_>, began: Began, head: &Head, body: &Bytes) {
        let timed = !lookup.policy.local_ttl.is_zero();
        if timed || body.len() >= lookup.policy.local_from {
            self.local.learn(lookup.key, began.ticket, began.at, head, body);
        }
    }
}

impl Seen {
    /// The rule, with the family's generation and the body taken into account.
    pub(super) fn verdict(&self, lookup: Lookup<'_>, now: UnixMillis) -> Verdict {
        let Some(head) = &self.head else { return Verdict::Pending };
        if lookup.family.is_some() && self.generation.map(|generation| generation.token) != Some(head.token) {
            return if self.body.is_some() && head.kind == Kind::Live {
                Verdict::Fenced
            } else {
                Verdict::Pending
            };
        }
        match judge(head, lookup.minimum, now) {
            Verdict::Hit | Verdict::Old | Verdict::Fenced | Verdict::BelowMinimum if self.body.is_none() => {
                Verdict::Unreadable
            }
            verdict => verdict,
        }
    }

    /// Whether somebody is loading what this caller needs.
    pub(super) fn is_leased(&self, lookup: Lookup<'_>, now: UnixMillis) -> bool {
        let ours = |head: &Head| {
            lookup.family.is_none() || self.generation.map(|generation| generation.token) == Some(head.token)
        };
        self.head.as_ref().is_some_and(|head| ours(head) && head.is_leased(now))
    }

    /// The answer of a hit.
    pub(super) fn hit(&self, lookup: Lookup<'_>, now: UnixMillis) -> Option<Answer> {
        let left = self.head.as_ref()?.fresh_for(now);
        let provenance =
            if self.local { Provenance::LocalHit { left, timed: false } } else { Provenance::Hit(left) };
        Some(Answer { settled: self.is_settled(lookup), ..self.answer(provenance)? })
    }

    /// Whether a list was built when its index had caught up: what was not is kept so briefly that it ends here.
    pub(super) fn is_settled(&self, lookup: Lookup<'_>) -> bool {
        let (Some(head), Some(generation)) = (&self.head, self.generation) else { return true };
        let policy = lookup.policy;
        head.fresh_until > generation.born + millis(policy.index_settle + policy.unsettled_for)
    }

    /// What was seen, as an answer.
    pub(super) fn answer(&self, provenance: Provenance) -> Option<Answer> {
        Some(answer(self.head.as_ref()?, self.body.clone()?, provenance))
    }
}

fn answer(head: &Head, body: Bytes, provenance: Provenance) -> Answer {
    let content = match head.kind {
        Kind::Absent => Content::Absent,
        _ => Content::Live { body, hash: head.body_hash },
    };
    Answer { version: head.version, content, provenance, settled: true, waited: Duration::ZERO }
}
