//! Requests the cache does not answer: uncached behaviours, other methods, and HEAD without a usable copy.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, Response, header};

use super::Exchange;
use super::ask::Ask;
use super::keep::Draft;
use super::origin::{OriginError, upstream};
use super::respond::{failure, from_origin};
use crate::config::Cache;
use crate::events::EventKind;
use crate::http_rules::{Validators, judge, merge_304};
use crate::invalidation::Item;
use crate::store::Entry;

impl Exchange {
    /// Sends the request on as it is and the answer back as it comes.
    pub(super) async fn pass(&self, ask: &Ask, body: Body) -> Response<Body> {
        let answer = self.forward(ask, body).await;
        match answer {
            Ok(answer) => {
                self.tell_answer(EventKind::Pass, ask, answer.status(), answer.headers());
                let safe = matches!(ask.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
                if !safe && (answer.status().is_success() || answer.status().is_redirection()) {
                    self.after_unsafe(ask);
                }
                from_origin(self.route(ask).0, answer)
            }
            Err(error) => self.fail(ask, &error),
        }
    }

    async fn forward(&self, ask: &Ask, body: Body) -> Result<Response<Body>, OriginError> {
        let (behaviour, origin) = self.route(ask);
        let parts = upstream(behaviour, origin, ask, ask.method.clone())
            .map_err(|error| OriginError::Unreachable(error.to_string()))?;
        let mut answer = self.client.send(Request::from_parts(parts, body), ask.interim.clone()).await?;
        self.date(answer.headers_mut());
        Ok(answer)
    }

    pub(super) fn fail(&self, ask: &Ask, error: &OriginError) -> Response<Body> {
        self.tell_answer(EventKind::Failed, ask, error.status(), &Default::default());
        failure(self.route(ask).0, &ask.method, error.status(), &error.to_string())
    }

    /// RFC 9111, 4.4: what was stored for the URL may no longer be true.
    fn after_unsafe(&self, ask: &Ask) {
        if let Cache::Policy(policy) = &self.route(ask).0.cache
            && policy.dialect.unsafe_methods_invalidate
        {
            self.purge(&[Item::Path(ask.key.target.clone())]);
        }
    }

    /// HEAD without a usable copy: the origin is asked, and its answer may freshen the copy (RFC 9111, 4.3.5).
    pub(super) async fn head(&self, ask: &Ask, stale: Option<Arc<Entry>>) -> Response<Body> {
        let fill = self.store.begin_fill();
        let answer = match self.forward(ask, Body::empty()).await {
            Ok(answer) => answer,
            Err(error) => match stale.filter(|entry| self.stands_in(entry, false)) {
                Some(entry) => return self.answer(ask, &entry, EventKind::StaleIfError),
                None => return self.fail(ask, &error),
            },
        };
        if let Some(stale) = stale.filter(|stale| answer.status() == stale.status) {
            self.freshen(ask, &stale, answer.headers(), &fill);
        }
        self.tell_answer(EventKind::Miss, ask, answer.status(), answer.headers());
        from_origin(self.route(ask).0, answer)
    }

    /// Takes over the headers of a HEAD answer if it speaks of the same representation as the copy.
    fn freshen(&self, ask: &Ask, stale: &Arc<Entry>, update: &http::HeaderMap, fill: &crate::store::Fill) {
        let length = update.get(header::CONTENT_LENGTH);
        let same_length = length.is_none() || length == stale.headers.get(header::CONTENT_LENGTH);
        if stale.squeezed || !same_length || Validators::of(update) != stale.validators {
            return;
        }
        let headers = merge_304(&stale.headers, update);
        let arrival = self.arrival_of(ask, stale.status, &headers, Duration::ZERO);
        let (lifetime, initial_age) =
            (judge(self.policy(ask), &self.config.error_ttl, &arrival), arrival.initial_age());
        let (Some(lifetime), Some(vary)) = (lifetime, self.vary(ask, &headers)) else { return };
        let fresh = Draft {
            status: stale.status,
            headers,
            body: stale.body.clone(),
            validators: stale.validators.clone(),
            squeezed: false,
            tags: Some(stale.tags.clone()),
            lifetime,
            vary,
            initial_age,
        };
        self.keep(&Arc::new(self.assemble(ask, fresh)), fill);
    }
}
