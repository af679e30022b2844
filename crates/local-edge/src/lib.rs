//! The edge of the local stack: an HTTP cache in front of any origin, and CloudFront's invalidation API.
//!
//! - [`Edge`] answers viewers: [`EdgeConfig`] has its [`Behaviour`]s and [`Origin`]s, a [`Policy`] its time to live, cache key
//!   and [`Dialect`]. [`serve`] puts it on a listener.
//! - [`CloudFront`] is the API (CreateInvalidation, GetInvalidation, ListInvalidations) for any AWS SDK or CLI.
//! - [`EdgeEvent`]s tell what happens; [`Edge::peek`] shows what is held.
//!
//! Inside, downwards: `cloudfront` and `serve` · `edge` (the handle) · `exchange` (from request to answer) · `store` (what is
//! held) · `http_rules` (RFC 9110 and 9111 as functions) · `config`, `key`, `tags`, `invalidation`, `events`, `clock`.
//!
//! Under [`Dialect::CLOUDFRONT`] it does what CloudFront documents. Where that is silent, or a local stack is better off:
//! - `Vary` is obeyed as in RFC 9111; CloudFront looks at its own cache key only.
//! - An answer to a request with `Authorization` is kept only if it may be under RFC 9111.
//! - A range is cut from the complete object, which is fetched for it; partial answers are not kept.
//! - gzip is the only encoding, and only what is kept is compressed.
//! - Requests for one key wait for the first; if its answer is not for others (`no-store`, `private`, `no-cache`, or stale at
//!   once) each then asks the origin for itself.
//! - A purge takes effect at once unless [`ImitatedDelay`] is configured. An answer on its way at that moment is stored after
//!   it, as on CloudFront, unless [`InFlightFills::Refuse`] is.
//!
//! # As a cache among others
//!
//! Alone in front of an origin ([`EdgeConfig::generic`]) it follows RFC 9111. The [tests for HTTP caches](https://cache-tests.fyi)
//! (370, version 0.4.5) say of it: of 163 required behaviours 160 pass, none fails, 3 concern browsers only and are not run. Of 107
//! optional ones 96 pass, 9 do not and 2 are not run: POST is not answered from the store, nor on CloudFront; parts of an
//! object are neither kept nor completed (5 tests); languages are not sorted before `Vary` compares them (2); a copy without
//! `Last-Modified` is as new as its `Date`, so one that came after the date in `If-Modified-Since` is sent whole. The other 100
//! ask what a cache does without saying what it should: 62 times yes, 33 times no, 5 times neither.
//!
//! ```text
//! npm run server                                                              # in a checkout of http-tests/cache-tests
//! cargo xtask edge --origin http://127.0.0.1:8000 --port 8081
//! npm run --silent cli --base=http://127.0.0.1:8081 > results.json
//! ```
//!
//! ```
//! use local_edge::{Behaviour, CloudFront, CloudFrontConfig, Edge, EdgeConfig, Origin, Policy, QueryKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _guard = tokio::runtime::Runtime::new()?; let _guard = _guard.enter();
//! let api = Origin::at("http://127.0.0.1:3000".parse()?);
//! let policy = Policy {
//!     query: QueryKey::Allow(vec!["category".into(), "currency".into()]),
//!     headers: vec!["x-cache-min-version".parse()?],
//!     ..Policy::origin_controlled()
//! };
//! let products = Behaviour { remove_headers: vec!["cache-tag".parse()?], ..Behaviour::cached("*", "api", policy) };
//! let edge = Edge::new(EdgeConfig {
//!     tag_header: Some("cache-tag".parse()?),
//!     version_header: Some("x-cache-version".parse()?),
//!     ..EdgeConfig::new([("api".into(), api)], vec![Behaviour::uncached("/api/admin/*", "api"), products])
//! })?;
//! let invalidations = CloudFront::new(edge.clone(), CloudFrontConfig::new("ELOCAL"));
//! let (_viewers, _aws_clients) = (edge.router(), invalidations.router());
//! # Ok(())
//! # }
//! ```

mod clock;
mod cloudfront;
mod config;
mod edge;
mod events;
mod exchange;
mod http_rules;
mod interim;
mod invalidation;
mod key;
mod serve;
mod store;
mod tags;

pub use cloudfront::{CloudFront, CloudFrontConfig, Fault, Faults, ImitatedDelay, Quotas, ReferenceConflict};
pub use config::{
    AllowedMethods, Behaviour, Cache, ConfigError, Dialect, EdgeConfig, ErrorCaching, ErrorTtl, Forward,
    InFlightFills, Origin, Policy, QueryKey, Variant,
};
pub use edge::{Edge, Held};
pub use events::{EdgeEvent, EventKind};
pub use invalidation::{Item, ItemError};
pub use serve::serve;
