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
    /// Another one for other keys. The purge's caller reference is made of it, so that a purge that was accepted just before
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

    /// Adds keys. What owes the same as before stays the same debt.
    pub fn with(left: Option<Debt>, keys: &BTreeSet<String>) -> Debt {
        let before = left.unwrap_or_else(|| Debt { id: new_id(), keys: BTreeSet::new() });
        if keys.is_subset(&before.keys) {
            return before;
        }
        Debt { id: new_id(), keys: before.keys.union(keys).cloned().collect() }
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

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_owes_more_is_another_debt() {
        let keys = |text: &str| text.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
        let first = Debt::with(None, &keys("a b"));
        assert_eq!(Debt::with(Some(first.clone()), &keys("b")), first);
        let more = Debt::with(Some(first.clone()), &keys("b c"));
        assert_eq!(more.keys, keys("a b c"));
        assert_ne!(more.id, first.id);
        assert_ne!(Debt::with(None, &keys("a b")).id, first.id, "the same files may change again");
    }
}
