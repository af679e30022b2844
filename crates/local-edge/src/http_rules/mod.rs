//! RFC 9110 and RFC 9111 as pure functions, with CloudFront's deviations where a policy asks for them.
//!
//! The crate `http-cache-semantics` 3.0 was judged for this and not used: its freshness is one number, without room for
//! minimum, default and maximum TTL, stale-while-revalidate, stale-if-error or error caching; it reads directive names
//! case-sensitively and splits inside quoted strings; a 304 only replaces headers that were stored before and merges
//! repeated ones into their first line; a number that overflows means 0 instead of "very long"; and it always obeys the
//! viewer, which CloudFront never does.

mod conditional;
mod date;
mod directives;
mod freshness;
mod gzip;
mod headers;
mod range;
mod vary;

pub(crate) use conditional::{Validators, not_modified};
pub(crate) use date::format_http_date;
pub(crate) use directives::{RequestDirectives, ResponseDirectives};
pub(crate) use freshness::{Arrival, Lifetime, judge};
pub(crate) use gzip::{accepts_gzip, compress, compressible, decompress, weaken_etag};
pub(crate) use headers::{combined, merge_304, remove_hop_by_hop, set};
pub(crate) use range::{Range, requested_range};
pub(crate) use vary::{VaryValues, vary_matches, vary_names, vary_values};
