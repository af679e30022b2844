//! Cache policies: time to live, cache key, and the points where CloudFront and RFC 9111 part.

use std::time::Duration;

use http::HeaderName;

/// How long answers are kept and what tells two of them apart.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Above zero it overrides `no-store`, `private` and `no-cache`, as CloudFront does.
    pub min_ttl: Duration,
    /// For answers that say nothing about their freshness.
    pub default_ttl: Duration,
    /// The most an answer can ask for; stale copies are not used beyond it either.
    pub max_ttl: Duration,
    /// The query parameters that are part of the cache key.
    pub query: QueryKey,
    /// The request headers that are part of the cache key. Purging a path covers all their values.
    pub headers: Vec<HeaderName>,
    /// One more part of the cache key, for answers that exist in several contents.
    pub variant: Option<Variant>,
    /// CloudFront's rules or RFC 9111's.
    pub dialect: Dialect,
}

/// The query parameters in the cache key. Their order never matters: the key has them sorted by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryKey {
    /// None: all queries of a path share one object.
    None,
    /// Only these, by exact name.
    Allow(Vec<String>),
    /// All of them.
    All,
}

/// Where the content variant of a request is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variant {
    /// A query parameter: like one more entry of [`QueryKey::Allow`].
    Query(String),
    /// A request header.
    Header(HeaderName),
    /// A cookie.
    Cookie(String),
}

/// The points where CloudFront does not do what RFC 9111 asks of a shared cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Obey `Cache-Control` and `Pragma` of a viewer's request. CloudFront ignores them.
    pub obey_viewer: bool,
    /// A successful unsafe request invalidates its URL (RFC 9111, section 4.4). CloudFront does not.
    pub unsafe_methods_invalidate: bool,
    /// Which rule decides over answers with status 400 and above.
    pub errors: ErrorCaching,
    /// Keep an answer without explicit freshness for a tenth of the age its `Last-Modified` shows, at most a day.
    pub heuristic_freshness: bool,
    /// Use a stale copy when the origin answers 5xx although it never sent `stale-if-error`. CloudFront does. (When the
    /// origin cannot be reached both dialects do, unless a directive forbids it.)
    pub stale_on_5xx: bool,
    /// A valid `CDN-Cache-Control` goes before `Cache-Control` and `Expires` (RFC 9213). CloudFront does not know it.
    pub targeted: bool,
}

/// Which rule decides over answers with status 400 and above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCaching {
    /// CloudFront's two lists of statuses and `ErrorCachingMinTTL`.
    CloudFront,
    /// The origin's headers, as for any other answer.
    Origin,
}

impl Dialect {
    /// As CloudFront documents itself.
    pub const CLOUDFRONT: Self = Self {
        obey_viewer: false,
        unsafe_methods_invalidate: false,
        errors: ErrorCaching::CloudFront,
        heuristic_freshness: false,
        stale_on_5xx: true,
        targeted: false,
    };
    /// As RFC 9111 asks of a shared cache.
    pub const RFC9111: Self = Self {
        obey_viewer: true,
        unsafe_methods_invalidate: true,
        errors: ErrorCaching::Origin,
        heuristic_freshness: true,
        stale_on_5xx: false,
        targeted: true,
    };
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

impl Policy {
    /// TTLs 0 / 0 / one year, so that the origin's headers decide; the whole query string in the key; CloudFront's dialect.
    pub fn origin_controlled() -> Self {
        Self {
            min_ttl: Duration::ZERO,
            default_ttl: Duration::ZERO,
            max_ttl: YEAR,
            query: QueryKey::All,
            headers: Vec::new(),
            variant: None,
            dialect: Dialect::CLOUDFRONT,
        }
    }

    /// TTLs 1 s / one day / one year and no query string in the key: the managed policy `CachingOptimized`.
    pub fn caching_optimized() -> Self {
        Self {
            min_ttl: Duration::from_secs(1),
            default_ttl: Duration::from_secs(24 * 3600),
            query: QueryKey::None,
            ..Self::origin_controlled()
        }
    }

    /// A shared cache that knows nothing of CloudFront.
    pub fn rfc9111() -> Self {
        Self { dialect: Dialect::RFC9111, ..Self::origin_controlled() }
    }
}
