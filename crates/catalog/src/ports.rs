//! What is asked of the database and the bus. Whoever holds [`ItemRead`] cannot write.

use async_trait::async_trait;
use cache::Version;

use crate::events::Event;
use crate::list::{Page, Position};
use crate::product::{Product, ProductId};

/// Reads products, **strongly consistently**: what a read returns is never below a write that was acknowledged before
/// the read began.
#[async_trait]
pub trait ItemRead: Send + Sync {
    /// The row, if there is one.
    async fn read(&self, id: &ProductId) -> Result<Option<Stored>, SourceError>;

    /// The rows of several products, in the order asked; one that fails costs no other. At most 100 at a time.
    async fn read_many(&self, ids: &[ProductId]) -> Vec<Result<Option<Stored>, SourceError>>;
}

/// Lists products, **eventually consistently**.
#[async_trait]
pub trait ItemList: Send + Sync {
    /// At most `limit` products, of one category or of all, after a position that an earlier page of the same list ended
    /// at.
    async fn list(
        &self,
        category: Option<&str>,
        limit: u16,
        after: Option<&Position>,
    ) -> Result<Page, SourceError>;
}

/// Writes products under conditions.
#[async_trait]
pub trait ItemWrite: ItemRead {
    /// Writes a product that must not exist yet.
    async fn create(&self, product: &Product) -> Result<(), WriteError>;

    /// Writes a product over the row that was read with `expected`. Attributes of the row that are none of a
    /// product's are left as they are.
    async fn replace(&self, product: &Product, expected: &Stamp) -> Result<(), WriteError>;

    /// Deletes the row that was read with `expected`.
    async fn delete(&self, id: &ProductId, expected: &Stamp) -> Result<(), WriteError>;
}

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its version attribute, judged.
    pub version: RowVersion,
    /// What a later write conditions on.
    pub stamp: Stamp,
    /// The product, or what keeps the row from being one.
    pub product: Result<Product, String>,
}

/// The version attribute of a row. Other programs write rows too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowVersion {
    /// A whole number from 0 to 2^64 − 1.
    Usable(Version),
    /// There is none: the writer has never heard of versions.
    Missing,
    /// There is one that cannot be used; the text says what it is.
    Unusable(String),
}

impl RowVersion {
    /// The version a number attribute holds, given its digits.
    pub fn of_number(digits: &str) -> RowVersion {
        match Version::parse(digits) {
            Some(version) => RowVersion::Usable(version),
            None => {
                RowVersion::Unusable(format!("the number {digits} is no whole number from 0 to {}", u64::MAX))
            }
        }
    }

    /// An attribute that is no number.
    pub fn of_type(type_name: &str) -> RowVersion {
        RowVersion::Unusable(format!("it has the type {type_name}, not N"))
    }

    /// The version that is shown: zero if there is no usable one.
    pub fn shown(&self) -> Version {
        match self {
            RowVersion::Usable(version) => *version,
            RowVersion::Missing | RowVersion::Unusable(_) => Version::ZERO,
        }
    }
}

/// The version attribute exactly as the database holds it. Only the adapter that made it reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(pub String);

/// The database failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The row is no longer what it was expected to be.
    #[error("the row has changed")]
    Changed,
    /// The database failed; the write may have happened.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Publishes events.
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Publishes events and tells the fate of each, in their order: the id the bus gave it, or why it was not published. An
    /// event that failed may be published again.
    async fn publish(&self, events: &[Event]) -> Vec<Result<String, BusError>>;
}

/// An event was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BusError(pub String);
