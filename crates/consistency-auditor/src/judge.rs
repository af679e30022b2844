//! Whether an answer is behind. Pure.
//!
//! What is expected of every level is a version, where versions order the change: newer is fine. Where they do not (rows that
//! come and go, writers that repeat a version, lower it, or have never heard of versions) it is the state the source had when
//! the change became known here: that was read strongly, after the change.
//!
//! An answer that does not show what is expected is not behind for that alone: the source may have gone on to something else
//! that the answer shows. So the source is read again, after the answer, and decides:
//!
//! | expected | the answer | the source, afterwards | |
//! |---|---|---|---|
//! | version v | live, v or more | – | consistent |
//! | like R | is R | – | consistent |
//! | any | as the source | | consistent: nothing could be newer |
//! | version v | anything else | live, v | behind |
//! | version v | live, below v | live, above v | behind |
//! | like R | anything else | is R | behind: R was there all the time |
//! | any | anything else | anything else | overtaken: a later change is on its way, and has looks of its own |

use cache::Version;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, State};

/// What every level has to have after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// This version or a higher one.
    AtLeast(Version),
    /// This state, or a later one.
    Like(State),
}

/// What an answer amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It shows the change, or what came after it.
    Consistent,
    /// It shows what was before the change.
    Behind,
    /// It cannot be told, because the source has changed again.
    Overtaken,
}

/// The source has not answered, and without it this answer cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceNeeded;

/// Judges an answer. `source` is a strong read that began after the answer had come.
pub fn judge(expected: &Expected, answer: &Answer, source: Option<&Answer>) -> Result<Verdict, SourceNeeded> {
    let shown = match expected {
        Expected::AtLeast(version) => answer.live() >= Some(*version),
        Expected::Like(state) => answer.state == *state,
    };
    if shown {
        return Ok(Verdict::Consistent);
    }
    let source = source.ok_or(SourceNeeded)?;
    if source.state == answer.state {
        return Ok(Verdict::Consistent);
    }
    let still_wanted = match (expected, source.live()) {
        (Expected::AtLeast(version), Some(now)) => {
            now == *version || now > *version && answer.live().is_some()
        }
        (Expected::AtLeast(_), None) => false,
        (Expected::Like(state), _) => source.state == *state,
    };
    Ok(if still_wanted { Verdict::Behind } else { Verdict::Overtaken })
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wire {
    AtLeast(u64),
    Like(State),
}

impl Serialize for Expected {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Expected::AtLeast(version) => Wire::AtLeast(version.0),
            Expected::Like(state) => Wire::Like(state.clone()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Wire::deserialize(deserializer)? {
            Wire::AtLeast(version) => Expected::AtLeast(Version(version)),
            Wire::Like(state) => Expected::Like(state),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Behind, Consistent, Overtaken};
    use super::*;

    fn live(version: u64, hash: &str) -> Answer {
        let state = State::Live(format!("{version}-{hash}"));
        let nothing = String::new;
        Answer {
            state,
            version: Version(version),
            cache_status: nothing(),
            x_cache: nothing(),
            age: nothing(),
        }
    }

    fn absent() -> Answer {
        Answer { state: State::Absent, ..live(0, "") }
    }

    fn verdict(expected: &Expected, answer: &Answer, source: &Answer) -> Verdict {
        let with_source = judge(expected, answer, Some(source)).unwrap();
        if let Ok(without) = judge(expected, answer, None) {
            assert_eq!(
                (without, with_source),
                (Consistent, Consistent),
                "who needs no source is not changed by it"
            );
        }
        with_source
    }

    #[test]
    fn a_version_is_a_floor_and_newer_is_fine() {
        let expected = Expected::AtLeast(Version(8));
        for newer in [8, 9] {
            assert_eq!(judge(&expected, &live(newer, "a"), None), Ok(Consistent));
        }
        for older in [live(7, "a"), live(0, "a"), absent()] {
            assert_eq!(judge(&expected, &older, None), Err(SourceNeeded));
            assert_eq!(verdict(&expected, &older, &live(8, "a")), Behind);
        }
        assert_eq!(verdict(&expected, &live(7, "a"), &live(9, "a")), Behind, "of two changes");
    }

    #[test]
    fn a_row_that_was_deleted_or_set_back_since_is_no_longer_expected() {
        let expected = Expected::AtLeast(Version(8));
        assert_eq!(verdict(&expected, &absent(), &absent()), Consistent);
        assert_eq!(verdict(&expected, &live(5, "b"), &live(5, "b")), Consistent);
        for (answer, source) in
            [(live(7, "a"), absent()), (live(7, "a"), live(5, "b")), (absent(), live(5, "b"))]
        {
            assert_eq!(verdict(&expected, &answer, &source), Overtaken, "{answer:?} {source:?}");
        }
        assert_eq!(verdict(&expected, &absent(), &live(1_790, "c")), Overtaken, "deleted and created again");
    }

    #[test]
    fn a_deletion_is_behind_while_the_product_is_still_shown_but_for_a_new_one() {
        let expected = Expected::Like(State::Absent);
        assert_eq!(judge(&expected, &absent(), None), Ok(Consistent));
        assert_eq!(verdict(&expected, &live(8, "a"), &absent()), Behind);
        assert_eq!(verdict(&expected, &live(1_790, "a"), &live(1_790, "a")), Consistent, "created again");
        assert_eq!(
            verdict(&expected, &live(8, "a"), &live(1_790, "b")),
            Overtaken,
            "created again, not shown yet"
        );
    }

    #[test]
    fn a_change_no_version_orders_is_told_by_the_content() {
        for (before, now, later) in [
            (live(8, "old"), live(8, "new"), live(8, "newest")),
            (live(9, "old"), live(5, "new"), live(6, "newest")),
            (live(0, "old"), live(0, "new"), live(0, "newest")),
            (absent(), live(3, "new"), live(4, "newest")),
            (live(9, "old"), live(3, "new"), absent()),
        ] {
            let expected = Expected::Like(now.state.clone());
            assert_eq!(judge(&expected, &now, None), Ok(Consistent));
            assert_eq!(verdict(&expected, &before, &now), Behind);
            assert_eq!(verdict(&expected, &later, &later), Consistent, "a concurrent newer write");
            assert_eq!(verdict(&expected, &before, &later), Overtaken);
            assert_eq!(verdict(&expected, &later, &before), Overtaken);
        }
    }
}
