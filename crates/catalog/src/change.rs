//! A change of a product's row, as the stream tells it.

use cache::UnixMillis;

use crate::ports::RowVersion;
use crate::product::ProductId;

/// A change of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose row.
    pub id: ProductId,
    /// What happened to it.
    pub kind: ChangeKind,
    /// The row before; `None` if it is new, or the stream does not say.
    pub before: Option<Image>,
    /// The row after; `None` if it was deleted, or the stream does not say.
    pub after: Option<Image>,
    /// When it was written, to the second at best.
    pub written_at: UnixMillis,
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// It was written over.
    Updated,
    /// It was deleted, by a writer or because its time to live had passed.
    Deleted,
}

/// What counts of a row for its invalidation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its version attribute.
    pub version: RowVersion,
    /// Its category, if it has one.
    pub category: Option<String>,
}

impl Change {
    /// The version after the change, where it can be used; zero otherwise.
    pub fn version(&self) -> cache::Version {
        self.after.as_ref().map_or(cache::Version::ZERO, |after| after.version.shown())
    }
}
