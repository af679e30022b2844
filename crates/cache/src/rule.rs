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
    /// No body yet.
    Pending,
    /// A body this release cannot read.
    Unreadable,
}

/// Judges a head for a caller that has already seen `minimum`.
///
/// A hit is live or absent, not below the floor, not below the caller's minimum, and fresh.
pub fn judge(head: &Head, minimum: Version, now: UnixMillis) -> Verdict {
    if head.kind == Kind::Pending {
        Verdict::Pending
    } else if head.encoding != Encoding::Identity {
        Verdict::Unreadable
    } else if head.version < head.floor {
        Verdict::Fenced
    } else if head.version < minimum {
        Verdict::BelowMinimum
    } else if head.fresh_until <= now {
        Verdict::Old
    } else {
        Verdict::Hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Token;

    fn live(version: u64, floor: u64) -> Head {
        let pending = Head::pending(Token::from_bits(1), Version(floor), 0);
        Head { kind: Kind::Live, version: Version(version), fresh_until: 100, ..pending }
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
    fn what_has_no_readable_body_never_answers() {
        let pending = Head::pending(Token::from_bits(1), Version::ZERO, 50);
        assert_eq!(judge(&pending, Version::ZERO, 0), Verdict::Pending);
        let foreign = Head { encoding: Encoding::Unknown(b'z'), ..live(7, 0) };
        assert_eq!(judge(&foreign, Version::ZERO, 0), Verdict::Unreadable);
    }
}
