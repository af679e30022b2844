//! Cache behaviours: which requests they cover and what happens to them.

use http::{HeaderName, HeaderValue, Method};

use super::Policy;

/// What the edge does with the requests of one path pattern (`CacheBehavior` and the policies it names).
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// A path pattern: `*` is any number of characters, `?` is one; case-sensitive; the leading `/` may be left out.
    pub pattern: String,
    /// The name of an origin.
    pub origin: String,
    /// Whether and how answers to GET and HEAD are kept. Other methods always pass through.
    pub cache: Cache,
    /// Compress what is stored when the viewer accepts gzip (`Compress` with `EnableAcceptEncodingGzip`).
    pub compress: bool,
    /// Other methods get 403, as on CloudFront.
    pub allowed_methods: AllowedMethods,
    /// What of a viewer's request the origin sees.
    pub forward: Forward,
    /// Removed from every answer to a viewer (`RemoveHeadersConfig`): the tag header, for one.
    pub remove_headers: Vec<HeaderName>,
    /// Set on every answer to a viewer, over what the origin sent.
    pub add_headers: Vec<(HeaderName, HeaderValue)>,
}

/// Whether answers are kept.
#[derive(Debug, Clone)]
pub enum Cache {
    /// Nothing is kept or shared (`CachingDisabled`).
    Disabled,
    /// Kept under these rules.
    Policy(Policy),
}

/// The three sets of methods CloudFront offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowedMethods {
    /// GET and HEAD.
    Read,
    /// GET, HEAD and OPTIONS.
    ReadAndOptions,
    /// Every method.
    All,
}

/// What of a viewer's request the origin sees, beside path, method and body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// The whole query string and every header but `Host` (the managed policy `AllViewerExceptHostHeader`): parameters and
    /// headers outside the cache key reach the origin too, and what it answers to them is shared by the key.
    All,
    /// Only the parameters and headers of the cache key, and what describes the body and the way it came (no origin
    /// request policy). Of a behaviour without a cache: as `All`.
    Key,
}

impl Behaviour {
    /// Cached under `policy`, compressed, open to every method.
    pub fn cached(pattern: impl Into<String>, origin: impl Into<String>, policy: Policy) -> Self {
        Self {
            pattern: pattern.into(),
            origin: origin.into(),
            cache: Cache::Policy(policy),
            compress: true,
            allowed_methods: AllowedMethods::All,
            forward: Forward::All,
            remove_headers: Vec::new(),
            add_headers: Vec::new(),
        }
    }

    /// Passed through, open to every method.
    pub fn uncached(pattern: impl Into<String>, origin: impl Into<String>) -> Self {
        Self {
            cache: Cache::Disabled,
            compress: false,
            ..Self::cached(pattern, origin, Policy::origin_controlled())
        }
    }

    pub(crate) fn allows(&self, method: &Method) -> bool {
        match self.allowed_methods {
            AllowedMethods::Read => matches!(*method, Method::GET | Method::HEAD),
            AllowedMethods::ReadAndOptions => matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS),
            AllowedMethods::All => true,
        }
    }
}
