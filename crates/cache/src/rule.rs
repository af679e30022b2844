//! The one rule: when a record may answer.

use crate::clock::UnixMillis;
use crate::record::{Encoding, Head, Kind};
use crate::version::Version;

/// What a head allows, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may answer.
    Hit,
    /// Not below the floor, but past its fresh time: may answer where the policy allows stale answers.
    Old,
    /// Good for others, but this caller has seen a newer version.
    BelowMinimum,
    /// Below the floor: an invalidation told of a newer version. Answers only when the source has failed.
    Fenced,
    /// Not kept because it is too large: the source is to be asked, without waiting for anybody.
    Pass,
    /// No body, and nothing said of one.
    Pending,
    /// A body this release cannot read.
    Unreadable,
}

/// Judges a head for a caller that has already seen `minimum`.
///
/// A hit is live or absent, not below the floor, not below the caller's minimum, and fresh.
pub fn judge(head: &Head, minimum: Version, now: UnixMillis) -> Verdict {
    let past = |head: &Head| head.kind == Kind::Uncached && head.fresh_until <= now;
    if head.kind == Kind::Pending || past(head) {
        Verdict::Pending
    } else if matches!(head.encoding, Encoding::Unknown(_)) {
        Verdict::Unreadable
    } else if head.version < head.floor {
        Verdict::Fenced
    } else if head.version < minimum {
        Verdict::BelowMinimum
    } else if head.fresh_until <= now {
        Verdict::Old
    } else if head.kind == Kind::Uncached {
        Verdict::Pass
    } else {
        Verdict::Hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Token;

    fn live(version: u64, floor: u64) -> Head {
        let pending = Head::pending(Token::from_bits(1), 0, 0);
        Head {
            kind: Kind::Live,
            floor: Version(floor),
            version: Version(version),
            fresh_until: 100,
            ..pending
        }
    }

    #[test]
    fn a_record_answers_only_at_or_above_its_floor() {
        assert_eq!(judge(&live(7, 7), Version::ZERO, 99), Verdict::Hit);
        assert_eq!(judge(&live(6, 7), Version::ZERO, 99), Verdict::Fenced);
        let absent = Head { kind: Kind::Absent, ..live(0, 7) };
        assert_eq!(judge(&absent, Version::ZERO, 99), Verdict::Fenced);
    }

    #[test]
    fn a_record_answers_only_at_or_above_the_callers_minimum() {
        assert_eq!(judge(&live(7, 7), Version(7), 99), Verdict::Hit);
        assert_eq!(judge(&live(7, 7), Version(8), 99), Verdict::BelowMinimum);
    }

    #[test]
    fn freshness_ends_at_its_very_millisecond() {
        assert_eq!(judge(&live(7, 7), Version::ZERO, 100), Verdict::Old);
    }

    #[test]
    fn a_marker_of_what_is_too_large_to_keep_sends_readers_past_the_store_while_it_is_fresh() {
        let marker = Head { kind: Kind::Uncached, ..live(7, 7) };
        assert_eq!(judge(&marker, Version::ZERO, 99), Verdict::Pass);
        assert_eq!(
            judge(&marker, Version::ZERO, 100),
            Verdict::Pending,
            "there is nothing old to answer with"
        );
        assert_eq!(judge(&Head { floor: Version(8), ..marker }, Version::ZERO, 99), Verdict::Fenced);
    }

    #[test]
    fn what_has_no_readable_body_never_answers() {
        let pending = Head::pending(Token::from_bits(1), 0, 50);
        assert_eq!(judge(&pending, Version::ZERO, 0), Verdict::Pending);
        let foreign = Head { encoding: Encoding::Unknown(b'z'), ..live(7, 0) };
        assert_eq!(judge(&foreign, Version::ZERO, 0), Verdict::Unreadable);
    }
}
