//! Purges that an interrupted run still owes.
//!
//! A file that was uploaded looks unchanged to the next run; if this one ended before its purge, nobody would ever ask for
//! it. So the keys about to be replaced are written into the bucket before the first of them is, and struck when CloudFront
//! has accepted the purge. A run finds what the one before it left, and purges that too.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use super::file::File;
use crate::failure::Failure;

/// Where the note is kept. The edge would show it to whoever asked; it says no more than the site does.
pub const KEY: &str = "_tidemark/publishing";

/// What is to be purged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    /// Another one for every change. The purge's caller reference is made of it, so that a purge that was accepted just before
    /// its run ended is paid once. It is no hash of the content: going back to an earlier content must purge again.
    pub id: String,
    /// The keys that were replaced or removed.
    pub keys: BTreeSet<String>,
}

impl Debt {
    /// What earlier runs left.
    pub async fn left(bucket: &Bucket) -> Result<Option<Debt>, Failure> {
        let unreadable = |error| {
            Failure::Asked(format!(
                "the note {KEY} in the bucket cannot be read ({error}): remove it, and purge --everything"
            ))
        };
        let note = bucket.read(KEY).await?;
        note.map(|note| serde_json::from_slice(&note).map_err(unreadable)).transpose()
    }

    /// Adds keys that are about to be replaced. Only what nothing is added to stays the same debt: a purge that was accepted
    /// before a file changed once more does not reach that change.
    pub fn with(left: Option<Debt>, keys: &BTreeSet<String>) -> Debt {
        match left {
            Some(left) if keys.is_empty() => left,
            left => {
                let before = left.map(|left| left.keys).unwrap_or_default();
                Debt { id: uuid::Uuid::new_v4().to_string(), keys: before.union(keys).cloned().collect() }
            }
        }
    }

    /// Writes it down.
    pub async fn record(&self, bucket: &Bucket) -> Result<(), Failure> {
        let json = serde_json::to_vec(self).map_err(|error| Failure::Asked(error.to_string()))?;
        bucket.upload(&File::new(KEY, "application/json", "no-store", json.into())).await
    }

    /// Strikes it.
    pub async fn settle(bucket: &Bucket) -> Result<(), Failure> {
        bucket.remove(KEY).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nothing_is_added_to_stays_the_same_debt() {
        let keys = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
        let first = Debt::with(None, &keys("a b"));
        assert_eq!(Debt::with(Some(first.clone()), &keys("")), first);
        let more = Debt::with(Some(first.clone()), &keys("b c"));
        assert_eq!(more.keys, keys("a b c"));
        let again = Debt::with(Some(first.clone()), &keys("b"));
        assert_eq!(again.keys, first.keys);
        assert!(more.id != first.id && again.id != first.id, "the same files may change again");
    }
}
