//! When is looked, and until when a look counts.

use std::time::Duration;

use cache::UnixMillis;
use lambda_support::metrics::After;

/// Every look at a change.
pub const LOOKS: [After; 3] = [After::One, After::Ten, After::Sixty];
/// How late a look may be, beside a tenth of its span: deliveries take a moment, and delays are whole seconds.
const GRACE: Duration = Duration::from_secs(2);

/// How long after a change is looked.
pub fn span(after: After) -> Duration {
    Duration::from_secs(match after {
        After::One => 1,
        After::Ten => 10,
        After::Sixty => 60,
    })
}

/// The look of this many seconds.
pub fn after(seconds: u64) -> Option<After> {
    LOOKS.into_iter().find(|after| span(*after).as_secs() == seconds)
}

/// How long to wait from `now` for a look at a change that is there since `since`; zero if its time has come.
pub fn delay(after: After, since: UnixMillis, now: UnixMillis) -> Duration {
    // A clock behind the one that stamped the change must not make a look later than its span.
    span(after).saturating_sub(Duration::from_millis(now.saturating_sub(since)))
}

/// Whether a look is so late that finding nothing wrong no longer means that all was well by its time.
pub fn is_late(after: After, since: UnixMillis, now: UnixMillis) -> bool {
    Duration::from_millis(now.saturating_sub(since)) > span(after) + GRACE + span(after) / 10
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: UnixMillis = 1_000_000;

    #[test]
    fn looks_are_a_second_ten_and_sixty_after_the_change_wherever_it_was_in_between() {
        let delays = |passed: u64| LOOKS.map(|after| delay(after, SINCE, SINCE + passed).as_millis());
        assert_eq!(delays(0), [1_000, 10_000, 60_000]);
        assert_eq!(delays(300), [700, 9_700, 59_700]);
        assert_eq!(delays(12_000), [0, 0, 48_000]);
        assert_eq!(LOOKS.map(|after| delay(after, SINCE, SINCE - 500).as_millis()), [1_000, 10_000, 60_000]);
    }

    #[test]
    fn a_look_counts_until_two_seconds_and_a_tenth_of_its_span_later() {
        let late = |passed: u64| LOOKS.map(|after| is_late(after, SINCE, SINCE + passed));
        assert_eq!(late(3_100), [false, false, false]);
        assert_eq!(late(3_101), [true, false, false]);
        assert_eq!(late(13_001), [true, true, false]);
        assert_eq!((late(68_000), late(68_001)), ([true, true, false], [true; 3]));
    }

    #[test]
    fn a_look_is_named_by_its_seconds() {
        assert_eq!(LOOKS.map(|look| after(span(look).as_secs())), LOOKS.map(Some));
        assert_eq!([0, 2, 61].map(after), [None; 3]);
    }
}
