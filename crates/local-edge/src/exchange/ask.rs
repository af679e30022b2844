//! A viewer's request in the form the exchange works with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{HeaderMap, Method, Uri, Version, header, request::Parts};

use crate::config::{Behaviour, Cache, Policy};
use crate::http_rules::RequestDirectives;
use crate::interim::Interim;
use crate::key::Key;

#[derive(Debug)]
pub(super) struct Ask {
    /// The behaviour that covers it, by its place in the configuration.
    pub(super) behaviour: usize,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) viewer: IpAddr,
    /// Where interim responses go while the answer is awaited.
    pub(super) interim: Option<Interim>,
    pub(super) key: Key,
    /// Empty where the behaviour ignores what viewers ask for.
    pub(super) wishes: RequestDirectives,
}

impl Ask {
    pub(super) fn new(place: usize, behaviour: &Behaviour, mut parts: Parts) -> Self {
        if parts.version == Version::HTTP_10 && behaviour.compress {
            // CloudFront never compresses for HTTP/1.0.
            parts.headers.remove(header::ACCEPT_ENCODING);
        }
        let (key, wishes) = match &behaviour.cache {
            Cache::Policy(policy) => (
                Key::of(policy, behaviour.compress, &parts.uri, &parts.headers),
                if policy.dialect.obey_viewer {
                    RequestDirectives::of(&parts.headers)
                } else {
                    RequestDirectives::default()
                },
            ),
            Cache::Disabled => (
                Key::of(&Policy::origin_controlled(), false, &parts.uri, &parts.headers),
                RequestDirectives::default(),
            ),
        };
        let viewer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|viewer| viewer.0.ip());
        Self {
            behaviour: place,
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            interim: parts.extensions.remove(),
            viewer: viewer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            key,
            wishes,
        }
    }

    /// Whether the cache may answer: GET or HEAD, without a body and without a condition that only an origin can judge.
    pub(super) fn is_cacheable(&self) -> bool {
        let has_body = self.headers.contains_key(header::TRANSFER_ENCODING)
            || self.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
        let for_origin = self.headers.contains_key(header::IF_MATCH)
            || self.headers.contains_key(header::IF_UNMODIFIED_SINCE);
        matches!(self.method, Method::GET | Method::HEAD) && !has_body && !for_origin
    }
}
