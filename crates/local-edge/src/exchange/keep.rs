//! From an origin's answer to a stored entry.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header, response};
use tokio::time::Instant;

use super::Exchange;
use super::ask::Ask;
use super::collapse::Outcome;
use super::fetch::Reply;
use super::respond::error_page;
use crate::events::EventKind;
use crate::http_rules::{
    Arrival, Lifetime, Validators, VaryValues, compress, compressible, judge, merge_304, vary_names,
    vary_values, weaken_etag,
};
use crate::store::{Entry, Fill};
use crate::tags::tags_of;

/// The head of an answer and how long it took to come.
pub(super) struct Came {
    pub(super) parts: response::Parts,
    pub(super) delay: Duration,
}

/// An entry but for what follows from the request and the configuration.
pub(super) struct Draft {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) validators: Validators,
    pub(super) squeezed: bool,
    /// None: those in the headers.
    pub(super) tags: Option<Vec<String>>,
    pub(super) lifetime: Lifetime,
    pub(super) vary: VaryValues,
    pub(super) initial_age: Duration,
}

impl Exchange {
    pub(super) fn arrival<'a>(&self, ask: &Ask, came: &'a Came) -> Arrival<'a> {
        self.arrival_of(ask, came.parts.status, &came.parts.headers, came.delay)
    }

    pub(super) fn arrival_of<'a>(
        &self,
        ask: &Ask,
        status: StatusCode,
        headers: &'a HeaderMap,
        delay: Duration,
    ) -> Arrival<'a> {
        let authorized = ask.headers.contains_key(header::AUTHORIZATION);
        Arrival { status, headers, authorized, at: self.clock.wall(), delay }
    }

    /// What the answer varies by, beyond the key; None if it fits no other request.
    pub(super) fn vary(&self, ask: &Ask, headers: &HeaderMap) -> Option<VaryValues> {
        let mut names = vary_names(headers)?;
        let behaviour = self.route(ask).0;
        if behaviour.compress {
            // The encoding is part of the key already, in its normal form.
            names.retain(|name| *name != header::ACCEPT_ENCODING);
        }
        let keyed = &self.policy(ask).headers;
        if let Some(outside) = names.iter().find(|name| !keyed.contains(name))
            && !self.policy(ask).dialect.obey_viewer
        {
            tracing::debug!(key = %ask.key, header = %outside, "Vary names a header outside the cache key; CloudFront would ignore it");
        }
        Some(vary_values(&names, &ask.headers))
    }

    pub(super) async fn entry(
        &self,
        ask: &Ask,
        came: Came,
        body: Bytes,
        lifetime: Lifetime,
        vary: VaryValues,
    ) -> Entry {
        let initial_age = self.arrival(ask, &came).initial_age();
        let response::Parts { status, mut headers, .. } = came.parts;
        let validators = Validators::of(&headers);
        let mut squeezed = false;
        let mut content = body;
        if self.route(ask).0.compress && compressible(status, &headers) {
            add_vary_encoding(&mut headers);
            if ask.key.gzip {
                let (plain, mut changed) = (content.clone(), headers.clone());
                let work = tokio::task::spawn_blocking(move || {
                    compress(&mut changed, &plain).map(|body| (changed, body))
                });
                // Without the compressed body the plain one is just as right.
                if let Ok(Ok((changed, body))) = work.await {
                    (headers, content, squeezed) = (changed, body, true);
                }
            }
        }
        let draft = Draft {
            status,
            headers,
            body: content,
            validators,
            squeezed,
            tags: None,
            lifetime,
            vary,
            initial_age,
        };
        self.assemble(ask, draft)
    }

    /// The origin confirmed a copy: it is stored again under the headers the 304 brought.
    ///
    /// Tags stay those of the copy unless the 304 carries the tag header.
    pub(super) fn confirmed(&self, ask: &Ask, old: &Arc<Entry>, came: Came, fill: &Fill) -> (Reply, Outcome) {
        let mut headers = merge_304(&old.headers, &came.parts.headers);
        let validators = Validators {
            etag: came.parts.headers.get(header::ETAG).or(old.validators.etag.as_ref()).cloned(),
            last_modified: headers.get(header::LAST_MODIFIED).cloned(),
        };
        if old.squeezed {
            weaken_etag(&mut headers);
        }
        if varies_by_encoding(&old.headers) {
            add_vary_encoding(&mut headers);
        }
        let arrival = self.arrival_of(ask, old.status, &headers, came.delay);
        let (lifetime, initial_age) =
            (judge(self.policy(ask), &self.config.error_ttl, &arrival), arrival.initial_age());
        let vary = self.vary(ask, &headers);
        let keep = lifetime.is_some() && vary.is_some() && !ask.wishes.no_store;
        let tag_header = self.config.tag_header.as_ref();
        let retold = tag_header.is_some_and(|name| came.parts.headers.contains_key(name));
        let draft = Draft {
            status: old.status,
            headers,
            body: old.body.clone(),
            validators,
            squeezed: old.squeezed,
            tags: (!retold).then(|| old.tags.clone()),
            lifetime: lifetime.unwrap_or(Lifetime::error(Duration::ZERO)),
            vary: vary.unwrap_or_default(),
            initial_age,
        };
        let entry = Arc::new(self.assemble(ask, draft));
        let outcome = if keep { self.keep(&entry, fill) } else { Outcome::NotShared };
        (Reply::Entry(entry, EventKind::RefreshHit), outcome)
    }

    pub(super) fn assemble(&self, ask: &Ask, draft: Draft) -> Entry {
        let Draft { status, headers, body, validators, squeezed, tags, lifetime, vary, initial_age } = draft;
        let tags = tags.unwrap_or_else(|| tags_of(&headers, self.config.tag_header.as_ref()));
        let (key, version, received) = (ask.key.clone(), self.version(&headers), Instant::now());
        Entry {
            key,
            vary,
            status,
            headers,
            body,
            validators,
            squeezed,
            tags,
            version,
            lifetime,
            initial_age,
            received,
        }
    }

    /// An error of the edge's own, kept so that the origin is left alone for a while.
    pub(super) fn error_entry(&self, ask: &Ask, status: StatusCode, reason: &str, ttl: Duration) -> Entry {
        let (mut headers, body) = error_page(status, reason);
        self.date(&mut headers);
        let draft = Draft {
            status,
            headers,
            body,
            validators: Validators::default(),
            squeezed: false,
            tags: None,
            lifetime: Lifetime::error(ttl),
            vary: Vec::new(),
            initial_age: Duration::ZERO,
        };
        self.assemble(ask, draft)
    }
}

fn varies_by_encoding(headers: &HeaderMap) -> bool {
    vary_names(headers).is_none_or(|names| names.contains(&header::ACCEPT_ENCODING))
}

fn add_vary_encoding(headers: &mut HeaderMap) {
    if !varies_by_encoding(headers) {
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}
