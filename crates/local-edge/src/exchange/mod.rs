//! From a viewer's request to the answer: store, origin, or both.
//!
//! - `ask`: the request in working form · `collapse`: one origin request per key at a time
//! - `fetch`: asking the origin on behalf of the cache · `keep`: from its answer to a stored entry
//! - `pass`: what the cache does not answer · `respond`: the answer to the viewer · `origin`: the connection to origins

mod ask;
mod collapse;
mod fetch;
mod keep;
mod origin;
mod pass;
mod respond;

use std::sync::Arc;

use axum::body::Body;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::config::{Behaviour, Cache, ConfigError, EdgeConfig, InFlightFills, Origin, PathPattern, Policy};
use crate::events::{EdgeEvent, EventKind};
use crate::http_rules::vary_values;
use crate::invalidation::Item;
use crate::store::{Entry, Store, Usable};
use ask::Ask;
use collapse::{Flights, Outcome, Role};
use fetch::Reply;
use origin::OriginClient;
use respond::{failure, from_entry, from_origin_conditionally};

/// Everything one edge consists of.
#[derive(Debug)]
pub(crate) struct Exchange {
    config: EdgeConfig,
    /// The behaviours in order, each with its pattern and its origin.
    routes: Vec<(PathPattern, Behaviour, Origin)>,
    no_policy: Policy,
    pub(crate) store: Store,
    flights: Arc<Flights>,
    client: OriginClient,
    clock: Clock,
    events: broadcast::Sender<EdgeEvent>,
}

impl Exchange {
    pub(crate) fn new(config: EdgeConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let routes = config.behaviours.iter().filter_map(|behaviour| {
            let origin = config.origins.get(&behaviour.origin)?;
            Some((PathPattern::new(&behaviour.pattern), behaviour.clone(), origin.clone()))
        });
        Ok(Self {
            routes: routes.collect(),
            no_policy: Policy::origin_controlled(),
            store: Store::new(config.store_bytes, config.in_flight_fills),
            flights: Arc::default(),
            client: OriginClient::new(&config),
            clock: Clock::start(),
            events: broadcast::channel(4_096).0,
            config,
        })
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<EdgeEvent> {
        self.events.subscribe()
    }

    pub(crate) fn purge(&self, items: &[Item]) -> usize {
        let purged = self.store.purge(items);
        if self.config.in_flight_fills == InFlightFills::Refuse {
            self.flights.leave_behind();
        }
        for entry in &purged {
            self.tell_entry(EventKind::Purged, entry);
        }
        purged.len()
    }

    pub(crate) async fn serve(self: Arc<Self>, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        // The last pattern matches everything; without a match the last behaviour answers all the same.
        let matching = self.routes.iter().position(|(pattern, ..)| pattern.matches(parts.uri.path()));
        let place = matching.unwrap_or(self.routes.len() - 1);
        let behaviour = &self.routes[place].1;
        if !behaviour.allows(&parts.method) {
            let reason =
                "This distribution is not configured to allow the HTTP request method that was used.";
            return failure(behaviour, &parts.method, StatusCode::FORBIDDEN, reason);
        }
        let ask = Ask::new(place, behaviour, parts);
        match behaviour.cache {
            Cache::Policy(_) if ask.is_cacheable() => self.cached(Arc::new(ask)).await,
            _ => self.pass(&ask, body).await,
        }
    }

    async fn cached(self: Arc<Self>, ask: Arc<Ask>) -> Response<Body> {
        // Twice is enough to learn what the answers vary by; after that a request stops waiting for others.
        const WAITS: usize = 3;
        for _ in 0..WAITS {
            let stale = match self.look(&ask) {
                Ok(answer) => return answer,
                Err(stale) => stale,
            };
            if ask.wishes.only_if_cached {
                let reason = "Nothing is stored for this request, and only a stored response was asked for.";
                return failure(self.route(&ask).0, &ask.method, StatusCode::GATEWAY_TIMEOUT, reason);
            }
            if ask.method == Method::HEAD {
                return self.head(&ask, stale).await;
            }
            // Who asked for a fresh answer is not served one that was asked for before.
            if ask.wishes.no_cache || ask.wishes.no_store || ask.wishes.max_age.is_some() {
                return self.lead(ask, stale, None).await;
            }
            match self.join(&ask) {
                Role::Lead(flight) => {
                    // Another request may have filled the place since it was looked at.
                    return match self.look(&ask) {
                        Ok(answer) => {
                            flight.finish(Outcome::Stored);
                            answer
                        }
                        Err(stale) => self.lead(ask, stale, Some(flight)).await,
                    };
                }
                Role::Wait(waiting) => match (waiting.outcome().await, stale) {
                    (Outcome::Stored, _) => {}
                    (Outcome::NotShared, stale) => return self.lead(ask, stale, None).await,
                    (Outcome::StaleStandsIn, Some(stale)) => {
                        return self.answer(&ask, &stale, EventKind::StaleIfError);
                    }
                    (Outcome::StaleStandsIn, None) => {}
                    (Outcome::Failed(_), Some(stale)) if self.stands_in(&stale, false) => {
                        return self.answer(&ask, &stale, EventKind::StaleIfError);
                    }
                    (Outcome::Failed(error), _) => return self.fail(&ask, &error),
                },
            }
        }
        match self.look(&ask) {
            Ok(answer) => answer,
            Err(stale) => self.lead(ask, stale, None).await,
        }
    }

    /// The answer from the store, or the stale copy to confirm, if there is one.
    fn look(self: &Arc<Self>, ask: &Arc<Ask>) -> Result<Response<Body>, Option<Arc<Entry>>> {
        let Some(found) = self.store.find(&ask.key, &ask.headers) else { return Err(None) };
        let (entry, now) = (found.entry, Instant::now());
        match entry.usable(now, &ask.wishes) {
            Usable::Fresh => Ok(self.answer(ask, &entry, EventKind::Hit)),
            _ if found.rest_until.is_some_and(|until| now < until) && self.stands_in(&entry, false) => {
                Ok(self.answer(ask, &entry, EventKind::StaleIfError))
            }
            Usable::WhileRevalidating => {
                if let Role::Lead(flight) = self.join(ask) {
                    self.refresh(ask, &entry, flight);
                }
                Ok(self.answer(ask, &entry, EventKind::StaleWhileRevalidate))
            }
            Usable::AfterRevalidation => Err(Some(entry)),
        }
    }

    fn join(&self, ask: &Ask) -> Role {
        let vary = vary_values(&self.store.varies_by(&ask.key), &ask.headers);
        self.flights.join((ask.key.clone(), vary))
    }

    async fn lead(
        self: Arc<Self>,
        ask: Arc<Ask>,
        stale: Option<Arc<Entry>>,
        flight: Option<collapse::Flight>,
    ) -> Response<Body> {
        match self.fetch(ask.clone(), stale, flight, ask.interim.clone()).await {
            Ok(Reply::Entry(entry, how)) => self.answer(&ask, &entry, how),
            Ok(Reply::Stream(answer)) => {
                self.tell_answer(EventKind::Miss, &ask, answer.status(), answer.headers());
                from_origin_conditionally(self.route(&ask).0, &ask, *answer)
            }
            Ok(Reply::Failed(error)) => self.fail(&ask, &error),
            Err(_) => {
                self.fail(&ask, &origin::OriginError::Broken("the fetch ended without an answer".to_owned()))
            }
        }
    }

    fn answer(&self, ask: &Ask, entry: &Entry, how: EventKind) -> Response<Body> {
        self.tell_entry(how, entry);
        from_entry(self.route(ask).0, ask, entry, how)
    }

    fn route(&self, ask: &Ask) -> (&Behaviour, &Origin) {
        let (_, behaviour, origin) = &self.routes[ask.behaviour];
        (behaviour, origin)
    }

    fn version(&self, headers: &HeaderMap) -> Option<String> {
        let value = headers.get(self.config.version_header.as_ref()?)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    fn tell_entry(&self, kind: EventKind, entry: &Entry) {
        self.tell(kind, entry.key.to_string(), entry.status, entry.version.clone());
    }

    fn tell_answer(&self, kind: EventKind, ask: &Ask, status: StatusCode, headers: &HeaderMap) {
        self.tell(kind, ask.key.to_string(), status, self.version(headers));
    }

    fn tell(&self, kind: EventKind, key: String, status: StatusCode, version: Option<String>) {
        // Without a listener there is nobody to tell, which is no error.
        let _ = self.events.send(EdgeEvent {
            at_ms: self.clock.unix_ms(),
            kind,
            key,
            status: status.as_u16(),
            version,
        });
    }
}
