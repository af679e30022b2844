//! What one look found at one level, as it is logged and counted.

use lambda_support::Metrics;
use lambda_support::metrics::{After, Dimensions, Level, Metric};

use crate::answer::{Answer, Unanswered};
use crate::judge::{Expected, Verdict};
use crate::message::Look;
use crate::schedule;

/// What one look found at one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It has the change, or what came after.
    Consistent,
    /// It answered with what was before the change.
    Behind(Box<Answer>),
    /// It could not be asked, or what it said could not be judged. Never taken for consistent.
    Unanswered(String),
    /// The source has changed again, which is neither: nothing is counted.
    Overtaken,
}

/// What the answer of one place came to.
pub type Judged = Result<(Answer, Verdict), Unanswered>;

impl Finding {
    /// What a level's answers come to: it is as good as the worst of the copies it holds.
    pub fn worst(judged: impl IntoIterator<Item = Judged>) -> Finding {
        let worst = judged.into_iter().map(Finding::of).max_by_key(Finding::severity);
        worst.unwrap_or_else(|| Finding::Unanswered("nobody was asked".to_owned()))
    }

    fn of(judged: Judged) -> Finding {
        match judged {
            Ok((_, Verdict::Consistent)) => Finding::Consistent,
            Ok((_, Verdict::Overtaken)) => Finding::Overtaken,
            Ok((answer, Verdict::Behind)) => Finding::Behind(Box::new(answer)),
            Err(Unanswered(reason)) => Finding::Unanswered(reason),
        }
    }

    fn severity(&self) -> u8 {
        match self {
            Finding::Consistent => 0,
            Finding::Overtaken => 1,
            Finding::Unanswered(_) => 2,
            Finding::Behind(_) => 3,
        }
    }

    /// What is left of a finding that came too late: who is behind later was behind before, but who has caught up by then may
    /// have been behind too.
    pub fn made_late(self) -> Finding {
        match self {
            Finding::Consistent => Finding::Unanswered("asked too late to tell".to_owned()),
            other => other,
        }
    }

    /// Logs what somebody should know, and counts.
    pub fn report(&self, look: &Look, level: Level, behind_by: u64, metrics: &Metrics) {
        let dimensions = dimensions(level, look.after);
        let (product, after) = (look.product.as_str(), schedule::span(look.after).as_secs());
        match self {
            Finding::Consistent => metrics.count(Metric::Consistent, dimensions),
            Finding::Overtaken => {}
            Finding::Unanswered(reason) => {
                metrics.count(Metric::Unanswered, dimensions);
                tracing::warn!(
                    product,
                    version = look.version.0,
                    event_id = look.event,
                    upstream_trace_id = look.trace,
                    at = level.as_str(),
                    after,
                    reason,
                    "a level did not say whether it has a change"
                );
            }
            Finding::Behind(answer) => {
                metrics.count(Metric::Behind, dimensions);
                metrics.measure(Metric::BehindBy, dimensions, behind_by as f64);
                tracing::warn!(
                    product,
                    version = look.version.0,
                    event_id = look.event,
                    upstream_trace_id = look.trace,
                    at = level.as_str(),
                    after,
                    expected = expected(&look.expected),
                    seen = %answer.state,
                    version_seen = answer.version.0,
                    behind_by_ms = behind_by,
                    cache_status = answer.cache_status,
                    x_cache = answer.x_cache,
                    age = answer.age,
                    "a level is behind"
                );
            }
        }
    }

    /// One word.
    pub fn word(&self) -> &'static str {
        match self {
            Finding::Consistent => "consistent",
            Finding::Behind(_) => "behind",
            Finding::Unanswered(_) => "unanswered",
            Finding::Overtaken => "overtaken",
        }
    }
}

/// What a finding is counted under.
pub fn dimensions(level: Level, after: After) -> Dimensions {
    Dimensions::NONE.level(level).after(after)
}

fn expected(expected: &Expected) -> String {
    match expected {
        Expected::AtLeast(version) => version.to_string(),
        Expected::Like(state) => state.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::State;
    use cache::Version;

    fn answer(verdict: Verdict) -> Judged {
        let nothing = String::new;
        let state = State::Absent;
        let answer = Answer {
            state,
            version: Version(0),
            cache_status: nothing(),
            x_cache: nothing(),
            age: nothing(),
        };
        Ok((answer, verdict))
    }

    #[test]
    fn a_level_is_as_good_as_the_worst_of_its_copies_and_never_consistent_by_silence() {
        let silent = || Err(Unanswered("status 503".into()));
        let word = |judged: [Judged; 3]| Finding::worst(judged).word();
        let consistent = || answer(Verdict::Consistent);
        assert_eq!(word([consistent(), consistent(), consistent()]), "consistent");
        assert_eq!(word([consistent(), silent(), consistent()]), "unanswered");
        assert_eq!(word([consistent(), answer(Verdict::Overtaken), consistent()]), "overtaken");
        assert_eq!(word([silent(), answer(Verdict::Behind), consistent()]), "behind");
    }

    #[test]
    fn who_is_asked_too_late_can_be_found_behind_but_not_consistent() {
        let late = |judged: Judged| Finding::worst([judged]).made_late().word();
        assert_eq!(late(answer(Verdict::Consistent)), "unanswered");
        assert_eq!(late(answer(Verdict::Behind)), "behind");
        assert_eq!(late(answer(Verdict::Overtaken)), "overtaken");
    }
}
