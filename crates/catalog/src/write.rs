//! Writing a product: read, check the condition, write under it, tell the cache.

use std::sync::Arc;
use std::time::Duration;

use cache::{Cache, Clock, StoreError, UnixMillis, Version};
use serde_json::Value;

use crate::details::{Details, FieldError};
use crate::invalidation::Told;
use crate::keys::Keys;
use crate::ports::{ItemWrite, RowVersion, SourceError, Stored, WriteError};
use crate::product::{Product, ProductId};

/// How often a write that accepts any version is tried again when another writer was faster.
const ATTEMPTS: usize = 5;

/// What to do to a product.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Write it; it must not exist.
    Create(Details),
    /// Write it over what is there.
    Replace(Details, Condition),
    /// Apply a merge patch (RFC 7396).
    Patch(Value, Condition),
    /// Delete it.
    Delete(Condition),
}

/// Which versions a command may be applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is there.
    Any,
    /// One of these.
    OneOf(Vec<Version>),
}

impl Condition {
    fn allows(&self, version: Version) -> bool {
        match self {
            Condition::Any => true,
            Condition::OneOf(versions) => versions.contains(&version),
        }
    }
}

/// A write that happened.
#[derive(Debug)]
pub struct Written {
    /// The product as it now is; `None` if it was deleted.
    pub product: Option<Product>,
    /// Whether the cache was told. If not, the stream will tell it.
    pub told: Result<(), StoreError>,
}

/// Why a write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum WriteFailure {
    /// There is no such product to patch or delete.
    #[error("there is no such product")]
    NotFound,
    /// The condition does not hold.
    #[error("the product is not what the condition says")]
    Precondition {
        /// What is there: nothing, or this version.
        current: Option<Version>,
    },
    /// The result would be no valid product.
    #[error("the product would not be valid")]
    Invalid(Vec<FieldError>),
    /// The stored row is no product, so that it cannot be patched.
    #[error("the stored item is no valid product ({0}); replace it with PUT and If-Match: *")]
    Unreadable(String),
    /// The version cannot grow any further.
    #[error("the version {0} is the largest there is and cannot grow")]
    Exhausted(Version),
    /// The database failed; the write may have happened.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Writes products.
pub struct WriteProduct {
    items: Arc<dyn ItemWrite>,
    cache: Arc<Cache>,
    keys: Keys,
    clock: Arc<dyn Clock>,
    /// How long telling the cache may take.
    tell_timeout: Duration,
}

impl WriteProduct {
    /// Writes to `items` and tells `cache`, which may take `tell_timeout`.
    pub fn new(
        items: Arc<dyn ItemWrite>,
        cache: Arc<Cache>,
        keys: Keys,
        clock: Arc<dyn Clock>,
        tell_timeout: Duration,
    ) -> Self {
        WriteProduct { items, cache, keys, clock, tell_timeout }
    }

    /// Applies a command. When this returns `Ok` and the cache was told, no read that begins now shows less.
    pub async fn apply(&self, id: &ProductId, command: &Command) -> Result<Written, WriteFailure> {
        let attempts = match command {
            Command::Replace(_, Condition::Any)
            | Command::Patch(_, Condition::Any)
            | Command::Delete(Condition::Any) => ATTEMPTS,
            _ => 1,
        };
        for _ in 1..attempts {
            match self.attempt(id, command).await {
                Err(Failure::Changed) => {}
                Err(Failure::Final(failure)) => return Err(failure),
                Ok(written) => return Ok(written),
            }
        }
        match self.attempt(id, command).await {
            Err(Failure::Changed) => {
                let current = self.items.read(id).await?.map(|stored| stored.version.shown());
                Err(WriteFailure::Precondition { current })
            }
            Err(Failure::Final(failure)) => Err(failure),
            Ok(written) => Ok(written),
        }
    }

    async fn attempt(&self, id: &ProductId, command: &Command) -> Result<Written, Failure> {
        let now = self.clock.now();
        match command {
            Command::Create(details) => {
                let product = stamped(id, details.clone(), Version(now), now);
                self.items.create(&product).await?;
                Ok(self.written(id, Some(product), Told::Forced).await)
            }
            Command::Replace(details, condition) => {
                let stored = self.current(id, condition).await?;
                let stored = stored.ok_or(WriteFailure::Precondition { current: None })?;
                self.replace(id, details.clone(), stored, now).await
            }
            Command::Patch(patch, condition) => {
                let stored = self.current(id, condition).await?.ok_or(WriteFailure::NotFound)?;
                let product = stored.product.clone().map_err(WriteFailure::Unreadable)?;
                let details = product.details.patched(patch, id).map_err(WriteFailure::Invalid)?;
                self.replace(id, details, stored, now).await
            }
            Command::Delete(condition) => {
                let stored = self.current(id, condition).await?.ok_or(WriteFailure::NotFound)?;
                self.items.delete(id, &stored.stamp).await?;
                Ok(self.written(id, None, Told::Forced).await)
            }
        }
    }

    async fn current(&self, id: &ProductId, condition: &Condition) -> Result<Option<Stored>, WriteFailure> {
        let stored = self.items.read(id).await?;
        match &stored {
            Some(row) if !condition.allows(row.version.shown()) => {
                Err(WriteFailure::Precondition { current: Some(row.version.shown()) })
            }
            _ => Ok(stored),
        }
    }

    async fn replace(
        &self,
        id: &ProductId,
        details: Details,
        stored: Stored,
        now: UnixMillis,
    ) -> Result<Written, Failure> {
        let (version, told) = next_version(&stored.version, now)?;
        let product = stamped(id, details, version, now);
        self.items.replace(&product, &stored.stamp).await?;
        Ok(self.written(id, Some(product), told).await)
    }

    async fn written(&self, id: &ProductId, product: Option<Product>, told: Told) -> Written {
        let told = self.tell(id, told).await;
        if let Err(error) = &told {
            tracing::warn!(product = %id, error = %error, "the cache was not told of a write; the stream will tell it");
        }
        Written { product, told }
    }

    async fn tell(&self, id: &ProductId, told: Told) -> Result<(), StoreError> {
        let key = self.keys.product(id).map_err(|error| StoreError::Refused(error.to_string()))?;
        match told {
            Told::UpTo(version) => self.cache.raise_floor(&key, version, self.tell_timeout).await?,
            Told::Forced => self.cache.drop_item(&key, self.tell_timeout).await?,
        };
        Ok(())
    }
}

/// The version after the one that is there, and what it tells the cache. A row without a usable version starts at the
/// time, like a new one, so that an item that is deleted and created again continues above its old version.
fn next_version(current: &RowVersion, now: UnixMillis) -> Result<(Version, Told), WriteFailure> {
    match current {
        RowVersion::Usable(version) => {
            let next = version.0.checked_add(1).map(Version).ok_or(WriteFailure::Exhausted(*version))?;
            Ok((next, Told::UpTo(next)))
        }
        RowVersion::Missing | RowVersion::Unusable(_) => Ok((Version(now), Told::Forced)),
    }
}

fn stamped(id: &ProductId, details: Details, version: Version, now: UnixMillis) -> Product {
    let time = i64::try_from(now).ok().and_then(|now| jiff::Timestamp::from_millisecond(now).ok());
    let updated_at = time.map(|time| format!("{time:.3}"));
    Product { id: id.clone(), details, version, updated_at }
}

/// How one attempt ended, if not well.
enum Failure {
    /// Another writer was faster.
    Changed,
    Final(WriteFailure),
}

impl From<WriteFailure> for Failure {
    fn from(failure: WriteFailure) -> Self {
        Failure::Final(failure)
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Changed => Failure::Changed,
            WriteError::Source(error) => Failure::Final(error.into()),
        }
    }
}
