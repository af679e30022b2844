//! A change of a product's row, as the stream tells it.

use crate::ports::RowVersion;
use crate::product::ProductId;

/// A change of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose row.
    pub id: ProductId,
    /// What happened to it.
    pub kind: ChangeKind,
}

/// What happened to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Inserted,
    /// It was written over.
    Modified {
        /// The version before.
        before: RowVersion,
        /// The version after.
        after: RowVersion,
    },
    /// It was deleted, by a writer or because its time to live had passed.
    Removed,
}
