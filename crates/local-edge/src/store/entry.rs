//! One stored answer and what may be done with it now.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use crate::http_rules::{Lifetime, RequestDirectives, Validators, VaryValues, vary_matches};
use crate::key::Key;

/// A complete answer to a GET. Never changed: a refreshed copy is another entry that takes its place.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) vary: VaryValues,
    pub(crate) status: StatusCode,
    /// As the origin sent them, without hop-by-hop fields; the tag header is still there.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The origin's own, which compression may have changed in `headers`.
    pub(crate) validators: Validators,
    /// The edge compressed the body.
    pub(crate) squeezed: bool,
    pub(crate) tags: Vec<String>,
    pub(crate) version: Option<String>,
    pub(crate) lifetime: Lifetime,
    pub(crate) initial_age: Duration,
    pub(crate) received: Instant,
}

/// What an entry is good for, for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usable {
    /// As it is.
    Fresh,
    /// As it is, while somebody refreshes it.
    WhileRevalidating,
    /// Only after the origin confirmed it, or if the origin fails.
    AfterRevalidation,
}

impl Entry {
    pub(crate) fn age(&self, now: Instant) -> Duration {
        self.initial_age.saturating_add(now.saturating_duration_since(self.received))
    }

    /// What remains of the freshness lifetime; zero once stale.
    pub(crate) fn fresh_for(&self, now: Instant) -> Duration {
        self.lifetime.fresh_for.saturating_sub(self.age(now))
    }

    /// `wishes` are the request's directives if they are obeyed, else the default.
    pub(crate) fn usable(&self, now: Instant, wishes: &RequestDirectives) -> Usable {
        let (age, left) = (self.age(now), self.fresh_for(now));
        let too_old = wishes.max_age.is_some_and(|most| age > most);
        let too_short = wishes.min_fresh.is_some_and(|least| left < least);
        if self.lifetime.always_revalidate || wishes.no_cache || too_short {
            return Usable::AfterRevalidation;
        }
        let stale_for = age.saturating_sub(self.lifetime.fresh_for);
        if !left.is_zero() {
            return if too_old { Usable::AfterRevalidation } else { Usable::Fresh };
        }
        if !self.lifetime.never_stale && wishes.max_stale.is_some_and(|most| stale_for <= most) && !too_old {
            return Usable::Fresh;
        }
        if stale_for < self.lifetime.stale_while_revalidate && !too_old && wishes.min_fresh.is_none() {
            return Usable::WhileRevalidating;
        }
        Usable::AfterRevalidation
    }

    /// An estimate of the memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        const BOOKKEEPING: usize = 512;
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        self.body.len() + headers + 2 * self.key.target.len() + BOOKKEEPING
    }

    pub(crate) fn matches(&self, request: &HeaderMap) -> bool {
        vary_matches(&self.vary, request)
    }
}
