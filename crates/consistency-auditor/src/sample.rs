//! Which changes are looked at.
//!
//! The change itself decides, by a checksum: the same change, delivered twice or published again, is looked at both times or
//! never, and which changes are taken does not depend on how the system is doing.

use cache::UnixMillis;

use crate::message::Change;

/// A share of all changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// A change is taken if its checksum is below this: from 0, none, to 2³², all.
    below: u64,
}

impl Sample {
    /// So many of a hundred; what is below 0 or above 100 counts as that.
    pub fn percent(percent: f64) -> Sample {
        Sample { below: (percent.clamp(0.0, 100.0) / 100.0 * 2_f64.powi(32)).round() as u64 }
    }

    /// Whether a change is taken.
    pub fn takes(self, change: &Change) -> bool {
        // Where the version does not tell a product's changes apart, the time they were written does.
        let written_at = if change.ordered { 0 } else { change.written_at };
        u64::from(checksum(change.product.as_str(), change.version.0, written_at)) < self.below
    }
}

fn checksum(product: &str, version: u64, written_at: UnixMillis) -> u32 {
    crc32fast::hash(format!("{product} {version} {written_at}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache::Version;
    use catalog::ProductId;

    fn change(product: &str, version: u64, ordered: bool, written_at: u64) -> Change {
        Change {
            product: ProductId::parse(product).unwrap(),
            version: Version(version),
            ordered,
            written_at,
            published_at: None,
            event: String::new(),
            trace: String::new(),
        }
    }

    fn taken(sample: Sample, changes: impl Iterator<Item = Change>) -> usize {
        changes.filter(|change| sample.takes(change)).count()
    }

    #[test]
    fn the_share_is_right_for_versions_that_follow_each_other_and_for_many_products() {
        for (percent, expected) in
            [(0.0, 0..=0), (1.0, 60..=140), (10.0, 850..=1_150), (100.0, 10_000..=10_000)]
        {
            let sample = Sample::percent(percent);
            let one = (0..10_000).map(|version| change("boots-001", 1_790_000_000_000 + version, true, 0));
            let many = (0..10_000).map(|number| change(&format!("boots-{number}"), 7, true, 0));
            let foreign =
                (0..10_000).map(|second| change("boots-001", 0, false, 1_790_000_000_000 + second * 1_000));
            for count in [taken(sample, one), taken(sample, many), taken(sample, foreign)] {
                assert!(expected.contains(&count), "{percent} %: {count} of 10,000");
            }
        }
    }

    #[test]
    fn the_same_change_is_decided_alike_whenever_it_was_published() {
        let sample = Sample::percent(50.0);
        for version in 0..100 {
            let again = Change {
                written_at: 9,
                published_at: Some(5),
                event: "other".into(),
                ..change("a", version, true, 1)
            };
            assert_eq!(sample.takes(&change("a", version, true, 1)), sample.takes(&again));
        }
    }
}
