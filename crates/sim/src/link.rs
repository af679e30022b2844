//! What lies between a process and the store: delay, loss, freezing.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cache::contract::Control;
use cache::memory::MemoryStore;
use cache::{BeginFill, Begun, CacheStore, Fill, FillOutcome, Invalidated, Invalidation, Key, StoreError};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use crate::chance::Chance;
use crate::flaw::Flaw;

/// Whether a process runs; while it does not, nothing in it goes on.
#[derive(Clone, Default)]
pub(crate) struct Freezer(Arc<Mutex<Option<Instant>>>);

impl Freezer {
    pub(crate) fn freeze(&self, span: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + span);
    }

    /// Goes on when the process does.
    pub(crate) async fn running(&self) {
        while let Some(until) = self.frozen_until() {
            sleep_until(until).await;
        }
    }

    fn frozen_until(&self) -> Option<Instant> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| *until > Instant::now())
    }
}

/// A process's connection to the store. What was sent arrives even if its sender no longer waits for the answer.
pub(crate) struct Link {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) chance: Chance,
    pub(crate) freezer: Freezer,
    pub(crate) delay: u64,
    pub(crate) lost: u64,
    pub(crate) flaw: Option<Flaw>,
}

impl Link {
    async fn send<T, F>(&self, operation: impl FnOnce(Arc<MemoryStore>) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        self.freezer.running().await;
        let (there, back) = (self.chance.millis(0..=self.delay), self.chance.millis(0..=self.delay));
        let (lost_there, lost_back) = (self.chance.percent(self.lost), self.chance.percent(self.lost));
        let work = operation(self.store.clone());
        let (answer, answered) = oneshot::channel();
        tokio::spawn(async move {
            sleep(there).await;
            if lost_there {
                return;
            }
            let result = work.await;
            sleep(back).await;
            if !lost_back {
                // Whoever asked may have given up.
                let _ = answer.send(result);
            }
        });
        let result = answered.await.unwrap_or_else(|_| Err(StoreError::Unavailable("lost".into())));
        self.freezer.running().await;
        result
    }
}

#[async_trait]
impl CacheStore for Link {
    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        let key = key.clone();
        self.send(|store| async move { store.read(&key).await }).await
    }

    async fn read_head(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        let key = key.clone();
        self.send(|store| async move { store.read_head(&key).await }).await
    }

    async fn read_many(&self, keys: &[Key]) -> Vec<Result<Option<Bytes>, StoreError>> {
        let asked = keys.to_vec();
        let read = self.send(|store| async move { Ok(store.read_many(&asked).await) }).await;
        read.unwrap_or_else(|error| keys.iter().map(|_| Err(error.clone())).collect())
    }

    async fn begin_fill(&self, key: &Key, begin: &BeginFill) -> Result<Begun, StoreError> {
        let (key, begin) = (key.clone(), begin.clone());
        self.send(|store| async move { store.begin_fill(&key, &begin).await }).await
    }

    async fn fill(&self, key: &Key, fill: &Fill) -> Result<FillOutcome, StoreError> {
        let (key, mut fill) = (key.clone(), fill.clone());
        let forgiving = matches!(self.flaw, Some(Flaw::AnyToken | Flaw::DeleteAndSet));
        self.send(|store| async move {
            if forgiving {
                let begin = BeginFill {
                    token: fill.token,
                    now: 0,
                    lease: Duration::ZERO,
                    pending_ttl: fill.ttl,
                    generational: false,
                };
                fill.token = store.begin_fill(&key, &begin).await?.head.token;
            }
            store.fill(&key, &fill).await
        })
        .await
    }

    async fn invalidate(&self, key: &Key, invalidation: &Invalidation) -> Result<Invalidated, StoreError> {
        let (key, invalidation, flaw) = (key.clone(), *invalidation, self.flaw);
        self.send(|store| async move {
            if flaw == Some(Flaw::DeleteAndSet) {
                store.evict(&key).await;
                return Ok(Invalidated::Dropped);
            }
            store.invalidate(&key, &invalidation).await
        })
        .await
    }
}
