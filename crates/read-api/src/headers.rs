//! What an answer says of its own freshness and origin.

use std::time::Duration;

use cache::{Answer, Bypass, Content, FillOutcome, MissReason, Provenance, Storable};

use crate::config::Freshness;

/// `Cache-Control` for an answer. `personal` answers depend on what this caller has already seen.
pub fn cache_control(answer: &Answer, personal: bool, freshness: &Freshness) -> String {
    if personal {
        return "private, no-store".to_owned();
    }
    match (answer.storable(), &answer.content) {
        (Storable::No, _) => "no-store".to_owned(),
        (Storable::Briefly, _) => "public, max-age=0, s-maxage=1".to_owned(),
        (Storable::Yes, Content::Absent) => {
            format!("public, max-age=0, s-maxage={}", freshness.absent_s_maxage.as_secs())
        }
        (Storable::Yes, Content::Live { .. }) => format!(
            "public, max-age={}, s-maxage={}, stale-while-revalidate={}, stale-if-error={}",
            freshness.max_age.as_secs(),
            freshness.s_maxage.as_secs(),
            freshness.stale_while_revalidate.as_secs(),
            freshness.stale_if_error.as_secs(),
        ),
    }
}

/// `Cache-Status` (RFC 9211) for the level asked here.
pub fn cache_status(provenance: &Provenance) -> String {
    let said = match provenance {
        Provenance::Hit(left) => format!("hit; ttl={}", whole_seconds(*left)),
        Provenance::LocalHit { left, timed: false } => {
            return format!("Valkey; hit; detail=head, Memory; hit; ttl={}", whole_seconds(*left));
        }
        Provenance::LocalHit { left, timed: true } => {
            return format!("Memory; hit; ttl={}; detail=timed", whole_seconds(*left));
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

fn whole_seconds(span: Duration) -> u64 {
    span.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use cache::Version;

    fn freshness() -> Freshness {
        Freshness {
            s_maxage: Duration::from_secs(60),
            absent_s_maxage: Duration::from_secs(5),
            max_age: Duration::ZERO,
            stale_while_revalidate: Duration::from_secs(30),
            stale_if_error: Duration::from_secs(600),
        }
    }

    fn said(provenance: Provenance, live: bool, personal: bool) -> String {
        let content = if live { Content::Live { body: Bytes::new(), hash: 0 } } else { Content::Absent };
        cache_control(
            &Answer { version: Version(1), content, provenance, settled: true, waited: Duration::ZERO },
            personal,
            &freshness(),
        )
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
