//! A store that fails on command, in front of another.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use crate::key::Key;
use crate::store::{BeginFill, Begun, CacheStore, Fill, FillOutcome, Invalidated, Invalidation, StoreError};

/// What a [`ChaosStore`] does with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Passes it on.
    Well,
    /// Fails at once.
    Down,
    /// Never answers.
    Stalled,
    /// Passes reads on, fails what writes.
    ReadOnly,
}

/// A store in front of another that fails on command and counts what it is asked.
pub struct ChaosStore {
    inner: Arc<dyn CacheStore>,
    mood: Mutex<Mood>,
    asked: Mutex<Vec<&'static str>>,
}

impl ChaosStore {
    /// In front of `inner`, well for now.
    pub fn new(inner: Arc<dyn CacheStore>) -> Self {
        ChaosStore { inner, mood: Mutex::new(Mood::Well), asked: Mutex::default() }
    }

    /// From now on.
    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    /// The operations asked since the last call, in order.
    pub fn take_asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn meet(&self, operation: &'static str) -> Result<(), StoreError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
        let mood = *self.mood.lock().unwrap_or_else(PoisonError::into_inner);
        match mood {
            Mood::Well => Ok(()),
            Mood::Down => Err(StoreError::Unavailable("down".into())),
            Mood::Stalled => std::future::pending().await,
            Mood::ReadOnly if operation.starts_with("read") => Ok(()),
            Mood::ReadOnly => Err(StoreError::Refused("READONLY".into())),
        }
    }
}

#[async_trait]
impl CacheStore for ChaosStore {
    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.meet("read").await?;
        self.inner.read(key).await
    }

    async fn read_head(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.meet("read_head").await?;
        self.inner.read_head(key).await
    }

    async fn read_many(&self, keys: &[Key]) -> Vec<Result<Option<Bytes>, StoreError>> {
        match self.meet("read_many").await {
            Ok(()) => self.inner.read_many(keys).await,
            Err(error) => keys.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn begin_fill(&self, key: &Key, begin: &BeginFill) -> Result<Begun, StoreError> {
        self.meet("begin_fill").await?;
        self.inner.begin_fill(key, begin).await
    }

    async fn fill(&self, key: &Key, fill: &Fill) -> Result<FillOutcome, StoreError> {
        self.meet("fill").await?;
        self.inner.fill(key, fill).await
    }

    async fn invalidate(&self, key: &Key, invalidation: &Invalidation) -> Result<Invalidated, StoreError> {
        self.meet("invalidate").await?;
        self.inner.invalidate(key, invalidation).await
    }
}
