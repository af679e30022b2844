//! What is asked of the edge and of the ledger.

use std::collections::HashMap;

use async_trait::async_trait;
use cache::UnixMillis;

use super::budget::Month;
use super::item::Item;
use super::purged::Purged;
use crate::product::ProductId;

/// Purges the edge.
#[async_trait]
pub trait Edge: Send + Sync {
    /// Has everything purged that one of the items covers. Accepted is not yet done: it takes a moment everywhere.
    ///
    /// Asking again with the same reference and the same items is the same purge, not a second one.
    async fn invalidate(&self, items: &[Item], reference: &str) -> Result<(), EdgeError>;
}

/// Why nothing was purged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EdgeError {
    /// Too much is under way, or was asked for lately. It passes.
    #[error("the edge is busy: {0}")]
    Busy(String),
    /// The reference was used for other items. Another reference is needed.
    #[error("the reference was used for other items")]
    AlreadyAsked,
    /// It failed; the purge may have been accepted.
    #[error("{0}")]
    Failed(String),
}

/// Remembers what was spent and what was purged. Both only save: a ledger that forgets costs items, not freshness.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// The items sent in a month, seen by whoever asks after [`spend`](Ledger::spend) was answered.
    async fn spent(&self, month: &Month) -> Result<u64, LedgerError>;

    /// Adds to the items sent in a month, atomically, and returns their new number. Tried again after a failure, the
    /// same items may count twice.
    async fn spend(&self, month: &Month, items: u64) -> Result<u64, LedgerError>;

    /// The last purges of these products, as far as they are known.
    async fn purged(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Purged>, LedgerError>;

    /// Remembers purges, each in place of its product's last one, at least until `until`.
    async fn record(&self, purged: &[(ProductId, Purged)], until: UnixMillis) -> Result<(), LedgerError>;
}

/// The ledger failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LedgerError(pub String);
