//! What an answer says of its own freshness and origin.

use bytes::Bytes;
use cache::{Answer, Bypass, Content, FillOutcome, MissReason, Provenance, Storable, Version};

use http::{HeaderValue, Response, StatusCode, header};
use lambda_support::etag::none_match;
use lambda_support::headers::{VERSION, set};

use crate::config::Freshness;

/// How many headers the answer for a product has.
const HEADERS: usize = 7;
/// What no level may keep.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// What no level may keep, and no other caller may see.
pub const PERSONAL: HeaderValue = HeaderValue::from_static("private, no-store");

/// `Cache-Control` for answers. What the edge may keep is written once, and the same for all of its kind.
pub struct CacheControl {
    live: HeaderValue,
    absent: HeaderValue,
}

impl CacheControl {
    /// For answers that are this fresh.
    pub fn new(freshness: &Freshness) -> Self {
        let Freshness { s_maxage, absent_s_maxage, max_age, stale_while_revalidate, stale_if_error } =
            freshness;
        let live = format!(
            "public, max-age={}, s-maxage={}, stale-while-revalidate={}, stale-if-error={}",
            max_age.as_secs(),
            s_maxage.as_secs(),
            stale_while_revalidate.as_secs(),
            stale_if_error.as_secs(),
        );
        let absent = format!("public, max-age=0, s-maxage={}", absent_s_maxage.as_secs());
        let value = |text: String| HeaderValue::try_from(text).unwrap_or(NO_STORE);
        CacheControl { live: value(live), absent: value(absent) }
    }

    /// For an answer. `personal` answers depend on what this caller has already seen.
    pub fn of(&self, answer: &Answer, personal: bool) -> HeaderValue {
        if personal {
            return PERSONAL;
        }
        match (answer.storable(), &answer.content) {
            (Storable::No, _) => NO_STORE,
            (Storable::Briefly, _) => HeaderValue::from_static("public, max-age=0, s-maxage=1"),
            (Storable::Yes, Content::Absent) => self.absent.clone(),
            (Storable::Yes, Content::Live { .. }) => self.live.clone(),
        }
    }
}

/// A body under an entity tag: in full, or 304 if the caller has it.
pub fn conditional(
    body: Bytes,
    etag: String,
    version: Version,
    known: Option<&HeaderValue>,
) -> Response<Bytes> {
    let has_it = known.and_then(|known| known.to_str().ok()).is_some_and(|known| none_match(known, &etag));
    let mut response = Response::new(if has_it { Bytes::new() } else { body });
    if has_it {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    if !has_it {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    set(headers, header::ETAG, etag);
    headers.insert(VERSION, HeaderValue::from(version.0));
    response
}

/// `Cache-Status` (RFC 9211) for the level asked here.
pub fn cache_status(provenance: &Provenance) -> String {
    let said = match provenance {
        Provenance::Hit(left) => format!("hit; ttl={}", left.as_secs()),
        Provenance::LocalHit { left, timed: false } => {
            return format!("Valkey; hit; detail=head, Memory; hit; ttl={}", left.as_secs());
        }
        Provenance::LocalHit { left, timed: true } => {
            return format!("Memory; hit; ttl={}; detail=timed", left.as_secs());
        }
        Provenance::StaleWhileRevalidate => "hit; detail=stale-while-revalidate".to_owned(),
        Provenance::StaleIfError { fenced: false } => "hit; detail=stale-if-error".to_owned(),
        Provenance::StaleIfError { fenced: true } => "hit; detail=stale-if-error-fenced".to_owned(),
        Provenance::Loaded { miss, fill } => format!("{}{}", forwarded(*miss), filled(*fill)),
        Provenance::Joined(_) => "fwd=miss; collapsed".to_owned(),
        Provenance::Bypassed(Bypass::Policy) => "fwd=bypass".to_owned(),
        Provenance::Bypassed(Bypass::TooLarge) => "fwd=bypass; detail=too-large".to_owned(),
        Provenance::Bypassed(Bypass::Requested) => "fwd=request".to_owned(),
        Provenance::Bypassed(Bypass::BreakerOpen) => "fwd=bypass; detail=breaker-open".to_owned(),
        Provenance::Bypassed(Bypass::Failed(name)) => format!("fwd=bypass; detail={name}"),
    };
    format!("Valkey; {said}")
}

fn forwarded(miss: MissReason) -> &'static str {
    match miss {
        MissReason::Empty => "fwd=uri-miss",
        MissReason::Expired => "fwd=stale",
        MissReason::Fenced => "fwd=stale; detail=fenced",
        MissReason::BelowMinimum => "fwd=miss; detail=below-minimum",
        MissReason::Requested => "fwd=request",
        MissReason::Early => "fwd=miss; detail=early",
    }
}

fn filled(fill: FillOutcome) -> &'static str {
    match fill {
        FillOutcome::Stored => "; stored",
        FillOutcome::RefusedToken | FillOutcome::RefusedFloor | FillOutcome::RefusedNewer => "; stored=?0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn freshness() -> Freshness {
        Freshness {
            s_maxage: Duration::from_secs(60),
            absent_s_maxage: Duration::from_secs(5),
            max_age: Duration::ZERO,
            stale_while_revalidate: Duration::from_secs(30),
            stale_if_error: Duration::from_secs(600),
        }
    }

    fn said(provenance: Provenance, live: bool, personal: bool) -> HeaderValue {
        let content = if live { Content::Live { body: Bytes::new(), hash: 0 } } else { Content::Absent };
        let answer =
            Answer { version: Version(1), content, provenance, settled: true, waited: Duration::ZERO };
        CacheControl::new(&freshness()).of(&answer, personal)
    }

    #[test]
    fn only_what_a_floor_vouches_for_may_be_kept_and_nothing_personal() {
        let hit = Provenance::Hit(Duration::from_secs(9));
        let refused = Provenance::Loaded { miss: MissReason::Empty, fill: FillOutcome::RefusedFloor };
        let long = "public, max-age=0, s-maxage=60, stale-while-revalidate=30, stale-if-error=600";
        assert_eq!(said(hit, true, false), long);
        assert_eq!(said(hit, false, false), "public, max-age=0, s-maxage=5");
        assert_eq!(said(hit, true, true), "private, no-store");
        assert_eq!(said(refused, true, false), "no-store");
        assert_eq!(said(Provenance::StaleIfError { fenced: true }, true, false), "no-store");
        assert_eq!(
            said(Provenance::Bypassed(Bypass::BreakerOpen), true, false),
            "public, max-age=0, s-maxage=1"
        );
    }

    #[test]
    fn cache_status_says_what_happened_here() {
        let status = |miss, fill| cache_status(&Provenance::Loaded { miss, fill });
        assert_eq!(cache_status(&Provenance::Hit(Duration::from_millis(9_900))), "Valkey; hit; ttl=9");
        assert_eq!(status(MissReason::Empty, FillOutcome::Stored), "Valkey; fwd=uri-miss; stored");
        let fenced = status(MissReason::Fenced, FillOutcome::RefusedToken);
        assert_eq!(fenced, "Valkey; fwd=stale; detail=fenced; stored=?0");
        let bypass = Provenance::Bypassed(Bypass::Failed("timeout"));
        assert_eq!(cache_status(&bypass), "Valkey; fwd=bypass; detail=timeout");
    }
}
