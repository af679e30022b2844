//! One request to the origin on behalf of the cache: refresh a copy, fill an empty place, or pass on what is not kept.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, Response, StatusCode, header, response};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Exchange;
use super::ask::Ask;
use super::collapse::{Flight, Outcome};
use super::keep::Came;
use super::origin::{Collected, OriginError, collect, upstream};
use crate::config::{Cache, ErrorCaching, Policy};
use crate::events::EventKind;
use crate::http_rules::{format_http_date, judge};
use crate::interim::Interim;
use crate::store::{Entry, Fill, Usable};

/// What a fetch brought for the request that began it.
pub(super) enum Reply {
    /// An answer that is complete, stored or not.
    Entry(Arc<Entry>, EventKind),
    /// An answer that is not kept and still arriving.
    Stream(Box<Response<Body>>),
    /// None.
    Failed(OriginError),
}

impl Exchange {
    /// Starts a fetch that runs to its end even if the viewer leaves.
    pub(super) fn fetch(
        self: &Arc<Self>,
        ask: Arc<Ask>,
        stale: Option<Arc<Entry>>,
        flight: Option<Flight>,
        interim: Option<Interim>,
    ) -> oneshot::Receiver<Reply> {
        let (reply_to, reply) = oneshot::channel();
        let exchange = self.clone();
        tokio::spawn(async move {
            let fill = exchange.store.begin_fill();
            let (reply, outcome) = exchange.ask_origin(&ask, stale, &fill, interim).await;
            drop(fill);
            if let Some(flight) = flight {
                flight.finish(outcome);
            }
            // A refresh in the background has nobody who waits for it.
            let _ = reply_to.send(reply);
        });
        reply
    }

    /// Starts a fetch that no viewer waits for.
    pub(super) fn refresh(self: &Arc<Self>, ask: &Arc<Ask>, stale: &Arc<Entry>, flight: Flight) {
        // The viewer has his answer: an interim response would come after it.
        let reply = self.fetch(ask.clone(), Some(stale.clone()), Some(flight), None);
        let (exchange, stale) = (self.clone(), stale.clone());
        tokio::spawn(async move {
            if !matches!(reply.await, Ok(Reply::Entry(_, EventKind::Miss | EventKind::RefreshHit))) {
                exchange.tell_entry(EventKind::RefreshFailed, &stale);
            }
        });
    }

    async fn ask_origin(
        &self,
        ask: &Ask,
        mut stale: Option<Arc<Entry>>,
        fill: &Fill,
        interim: Option<Interim>,
    ) -> (Reply, Outcome) {
        loop {
            let sent = Instant::now();
            let answer = match self.send_on(ask, stale.as_deref(), interim.clone()).await {
                Ok(answer) => answer,
                Err(error) => return self.failed(ask, stale, error, fill),
            };
            let (parts, body) = answer.into_parts();
            let came = Came { parts, delay: sent.elapsed() };
            match &stale {
                Some(entry) if came.parts.status == StatusCode::NOT_MODIFIED => {
                    if entry.validators.confirmed_by(&came.parts.headers) {
                        return self.confirmed(ask, entry, came, fill);
                    }
                    // It speaks of an answer that is not held here: ask again for a complete one.
                    stale = None;
                }
                Some(entry) if came.parts.status.is_server_error() && self.stands_in(entry, true) => {
                    self.spare_origin(ask, entry, came.parts.status);
                    return (Reply::Entry(entry.clone(), EventKind::StaleIfError), Outcome::StaleStandsIn);
                }
                _ => return self.received(ask, stale, came, body, fill).await,
            }
        }
    }

    /// A GET without the viewer's conditions and ranges, conditional if there is a copy to confirm.
    async fn send_on(
        &self,
        ask: &Ask,
        stale: Option<&Entry>,
        interim: Option<Interim>,
    ) -> Result<Response<Body>, OriginError> {
        let (behaviour, origin) = self.route(ask);
        let mut parts = upstream(behaviour, origin, ask, Method::GET)
            .map_err(|error| OriginError::Unreachable(error.to_string()))?;
        for name in [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::RANGE, header::IF_RANGE] {
            parts.headers.remove(name);
        }
        if let Some(stale) = stale {
            stale.validators.ask(&mut parts.headers);
        }
        let mut answer = self.client.send(Request::from_parts(parts, Body::empty()), interim).await?;
        self.date(answer.headers_mut());
        Ok(answer)
    }

    /// A complete answer: kept if it may be, else passed on while it arrives.
    async fn received(
        &self,
        ask: &Ask,
        stale: Option<Arc<Entry>>,
        came: Came,
        body: Body,
        fill: &Fill,
    ) -> (Reply, Outcome) {
        let stream =
            |parts, body| (Reply::Stream(Box::new(Response::from_parts(parts, body))), Outcome::NotShared);
        let lifetime = judge(self.policy(ask), &self.config.error_ttl, &self.arrival(ask, &came));
        let vary = self.vary(ask, &came.parts.headers);
        let (Some(lifetime), Some(vary), false) = (lifetime, vary, ask.wishes.no_store) else {
            return stream(came.parts, body);
        };
        let most = self.config.max_object_bytes;
        if announced_length(&came.parts).is_some_and(|length| length > most as u64) {
            return stream(came.parts, body);
        }
        match collect(body, most).await {
            Ok(Collected::Whole(body)) => {
                let entry = Arc::new(self.entry(ask, came, body, lifetime, vary).await);
                let outcome = self.keep(&entry, fill);
                (Reply::Entry(entry, EventKind::Miss), outcome)
            }
            Ok(Collected::TooLong(body)) => stream(came.parts, body),
            Err(error) => self.failed(ask, stale, error, fill),
        }
    }

    /// No answer: a stale copy stands in, or the edge makes an error, which CloudFront keeps like any other.
    fn failed(
        &self,
        ask: &Ask,
        stale: Option<Arc<Entry>>,
        error: OriginError,
        fill: &Fill,
    ) -> (Reply, Outcome) {
        tracing::debug!(key = %ask.key, %error, "origin failed");
        let status = error.status();
        if let Some(entry) = stale.filter(|entry| self.stands_in(entry, false)) {
            self.spare_origin(ask, &entry, status);
            return (Reply::Entry(entry, EventKind::StaleIfError), Outcome::StaleStandsIn);
        }
        let ttl = self.error_ttl(ask, status);
        if ttl.is_zero() {
            return (Reply::Failed(error.clone()), Outcome::Failed(error));
        }
        let entry = Arc::new(self.error_entry(ask, status, &error.to_string(), ttl));
        let outcome = self.keep(&entry, fill);
        (Reply::Entry(entry, EventKind::Failed), outcome)
    }

    pub(super) fn stands_in(&self, entry: &Entry, reached_origin: bool) -> bool {
        entry.lifetime.survives_error(entry.age(Instant::now()), reached_origin)
    }

    /// While an error would be kept, a stale copy is served without asking again.
    fn spare_origin(&self, ask: &Ask, entry: &Arc<Entry>, status: StatusCode) {
        let ttl = self.error_ttl(ask, status);
        if let Some(until) = Instant::now().checked_add(ttl).filter(|_| !ttl.is_zero()) {
            self.store.rest(entry, until);
        }
    }

    fn error_ttl(&self, ask: &Ask, status: StatusCode) -> Duration {
        match self.policy(ask).dialect.errors {
            ErrorCaching::CloudFront => self.config.error_ttl.of(status),
            ErrorCaching::Origin => Duration::ZERO,
        }
    }

    /// Stores an entry. Those who wait are told to look again only if there is something they can use.
    pub(super) fn keep(&self, entry: &Arc<Entry>, fill: &Fill) -> Outcome {
        use crate::store::Inserted;
        match self.store.insert(entry.clone(), fill) {
            Inserted::Stored { evicted } => {
                self.tell_entry(EventKind::Stored, entry);
                for evicted in evicted {
                    self.tell_entry(EventKind::Evicted, &evicted);
                }
                match entry.usable(Instant::now(), &Default::default()) {
                    Usable::AfterRevalidation => Outcome::NotShared,
                    Usable::Fresh | Usable::WhileRevalidating => Outcome::Stored,
                }
            }
            Inserted::Refused => {
                self.tell_entry(EventKind::Refused, entry);
                Outcome::NotShared
            }
            Inserted::TooLarge => Outcome::NotShared,
        }
    }

    /// The policy of a request that came here because it has one.
    pub(super) fn policy(&self, ask: &Ask) -> &Policy {
        match &self.route(ask).0.cache {
            Cache::Policy(policy) => policy,
            Cache::Disabled => &self.no_policy,
        }
    }

    /// A cache with a clock gives an answer the date its origin left out.
    pub(super) fn date(&self, headers: &mut http::HeaderMap) {
        if !headers.contains_key(header::DATE)
            && let Some(now) = format_http_date(self.clock.wall())
        {
            headers.insert(header::DATE, now);
        }
    }
}

fn announced_length(parts: &response::Parts) -> Option<u64> {
    parts.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
