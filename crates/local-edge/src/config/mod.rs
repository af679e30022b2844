//! What an edge is told at the start: the parts of a distribution that decide how it caches.

mod behaviour;
mod pattern;
mod policy;

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};

pub use behaviour::{AllowedMethods, Behaviour, Cache, Forward};
pub(crate) use pattern::PathPattern;
pub use policy::{Dialect, ErrorCaching, Policy, QueryKey, Variant};

/// One edge in front of one or more origins.
#[derive(Debug, Clone)]
pub struct EdgeConfig {
    /// Tried in order, the first matching pattern wins; the last one must be the default, `*`.
    pub behaviours: Vec<Behaviour>,
    /// The origins by the name the behaviours use.
    pub origins: BTreeMap<String, Origin>,
    /// The origin's response header that carries cache tags (`CacheTagConfig.HeaderName`). None: tags purge nothing.
    pub tag_header: Option<HeaderName>,
    /// The response header repeated in events and by [`Edge::peek`](crate::Edge::peek) as the object's version.
    pub version_header: Option<HeaderName>,
    /// How long errors are kept at least (`ErrorCachingMinTTL`).
    pub error_ttl: ErrorTtl,
    /// Default 10 s, as on CloudFront; one attempt. Longer means 502.
    pub origin_connect_timeout: Duration,
    /// Time to the response's head, and between two pieces of its body. Default 30 s, as on CloudFront. Longer means 504.
    pub origin_read_timeout: Duration,
    /// What all stored objects may take together, in bytes; the least recently used leave first. Default 64 MiB.
    pub store_bytes: usize,
    /// A larger body passes through unstored. Default 10 MiB.
    pub max_object_bytes: usize,
    /// What becomes of an origin answer that was on its way while its purge ran.
    pub in_flight_fills: InFlightFills,
}

/// `ErrorCachingMinTTL`, for all statuses and for single ones.
#[derive(Debug, Clone)]
pub struct ErrorTtl {
    /// Default 10 s, as on CloudFront.
    pub default: Duration,
    /// What `CustomErrorResponses` sets for single statuses.
    pub by_status: BTreeMap<u16, Duration>,
}

impl ErrorTtl {
    /// The same minimum for every status.
    pub fn all(ttl: Duration) -> Self {
        Self { default: ttl, by_status: BTreeMap::new() }
    }

    pub(crate) fn of(&self, status: http::StatusCode) -> Duration {
        self.by_status.get(&status.as_u16()).copied().unwrap_or(self.default)
    }
}

/// What becomes of an origin answer whose request left before a purge and that arrives after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFlightFills {
    /// It is stored, as CloudFront may do: the reason why a purge that must be sure is repeated or delayed.
    Store,
    /// It is served and not stored, and requests after the purge do not wait for it. Kinder than the real thing.
    Refuse,
}

/// Where a behaviour's requests go.
#[derive(Debug, Clone)]
pub struct Origin {
    /// `http://host:port`, with an optional path that is put before every request's path (`OriginPath`).
    pub url: Uri,
    /// Sent with every request, replacing what the viewer sent under the name (`OriginCustomHeaders`: a shared secret).
    pub custom_headers: Vec<(HeaderName, HeaderValue)>,
}

impl Origin {
    /// An origin without custom headers.
    pub fn at(url: Uri) -> Self {
        Self { url, custom_headers: Vec::new() }
    }
}

/// A configuration no edge can be built from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The list is empty or does not end with the default behaviour.
    #[error("the last behaviour must have the pattern `*`")]
    NoDefaultBehaviour,
    /// A behaviour names an origin that is not configured.
    #[error("behaviour `{pattern}` names the unknown origin `{origin}`")]
    UnknownOrigin {
        /// The behaviour's pattern.
        pattern: String,
        /// The name it used.
        origin: String,
    },
    /// Not `http://host[:port][/path]`.
    #[error("origin `{origin}` needs a URL like http://127.0.0.1:8080, not `{url}`")]
    OriginUrl {
        /// The origin's name.
        origin: String,
        /// What was configured.
        url: String,
    },
    /// A policy whose minimum is above its maximum.
    #[error("behaviour `{pattern}` has a minimum TTL above its maximum TTL")]
    Ttl {
        /// The behaviour's pattern.
        pattern: String,
    },
}

impl EdgeConfig {
    /// The given behaviours over one origin, everything else as CloudFront has it by default.
    pub fn new(origins: impl IntoIterator<Item = (String, Origin)>, behaviours: Vec<Behaviour>) -> Self {
        Self {
            behaviours,
            origins: origins.into_iter().collect(),
            tag_header: None,
            version_header: None,
            error_ttl: ErrorTtl::all(Duration::from_secs(10)),
            origin_connect_timeout: Duration::from_secs(10),
            origin_read_timeout: Duration::from_secs(30),
            store_bytes: 64 << 20,
            max_object_bytes: 10 << 20,
            in_flight_fills: InFlightFills::Store,
        }
    }

    /// One origin behind one behaviour that obeys the origin's headers: a shared cache as RFC 9111 has it.
    pub fn generic(origin: Uri) -> Self {
        let everything = Behaviour {
            cache: Cache::Policy(Policy::rfc9111()),
            compress: false,
            ..Behaviour::cached("*", "origin", Policy::rfc9111())
        };
        Self {
            error_ttl: ErrorTtl::all(Duration::ZERO),
            ..Self::new([("origin".to_owned(), Origin::at(origin))], vec![everything])
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.behaviours.last().is_none_or(|last| last.pattern != "*") {
            return Err(ConfigError::NoDefaultBehaviour);
        }
        for behaviour in &self.behaviours {
            let pattern = behaviour.pattern.clone();
            if !self.origins.contains_key(&behaviour.origin) {
                return Err(ConfigError::UnknownOrigin { pattern, origin: behaviour.origin.clone() });
            }
            if let Cache::Policy(policy) = &behaviour.cache
                && policy.min_ttl > policy.max_ttl
            {
                return Err(ConfigError::Ttl { pattern });
            }
        }
        for (name, origin) in &self.origins {
            let url = &origin.url;
            if url.scheme() != Some(&http::uri::Scheme::HTTP) || url.host().is_none() || url.query().is_some()
            {
                return Err(ConfigError::OriginUrl { origin: name.clone(), url: url.to_string() });
            }
        }
        Ok(())
    }
}
