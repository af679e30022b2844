//! The interleaving: invalidate during load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use tokio::sync::{Notify, Semaphore};

/// How often another task gets its turn before it counts as waiting: each step of these libraries takes a few.
const TURNS: usize = 10_000;

/// What is cached: one value, whose first load is held after it was read.
pub struct Source {
    version: AtomicU64,
    loads: AtomicU64,
    reached: Notify,
    gate: Semaphore,
}

impl Source {
    fn new() -> Arc<Source> {
        let (reached, gate) = (Notify::new(), Semaphore::new(0));
        Arc::new(Source { version: AtomicU64::new(1), loads: AtomicU64::new(0), reached, gate })
    }

    /// What a loader calls.
    pub async fn load(&self) -> u64 {
        let version = self.version.load(Ordering::SeqCst);
        if self.loads.fetch_add(1, Ordering::SeqCst) == 0 {
            self.reached.notify_one();
            // It is closed to let the load go.
            let _closed = self.gate.acquire().await;
        }
        version
    }
}

/// A cache in front of a source.
#[async_trait]
pub trait Subject: Send + Sync {
    /// What the table calls it.
    fn name(&self) -> &'static str;
    /// The value, from the cache or loaded.
    async fn get(&self, source: &Arc<Source>) -> u64;
    /// The value has changed; it is at `version` now.
    async fn invalidate(&self, version: u64);
}

/// What was seen.
pub struct Outcome {
    /// Whether the invalidation was acknowledged while the load was running.
    pub acknowledged: bool,
    /// What a read returned that began after that.
    pub during: Option<u64>,
    /// What a read returned when everything was over.
    pub after: u64,
}

/// Plays it.
pub async fn play(subject: Arc<dyn Subject>) -> Outcome {
    let source = Source::new();
    let get = || {
        let (subject, source) = (subject.clone(), source.clone());
        tokio::spawn(async move { subject.get(&source).await })
    };
    let first = get();
    source.reached.notified().await;
    source.version.store(2, Ordering::SeqCst);
    let told = {
        let subject = subject.clone();
        tokio::spawn(async move { subject.invalidate(2).await })
    };
    let acknowledged = turns(|| told.is_finished()).await;
    let second = acknowledged.then(get);
    turns(|| second.as_ref().is_none_or(|second| second.is_finished())).await;
    source.gate.close();
    let _began_before = first.await;
    let _told = told.await;
    let during = match second {
        Some(second) => second.await.ok(),
        None => None,
    };
    let after = subject.get(&source).await;
    Outcome { acknowledged, during, after }
}

/// Gives the other tasks their turns until something holds; tells whether it came to hold.
async fn turns(holds: impl Fn() -> bool) -> bool {
    for _ in 0..TURNS {
        if holds() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    holds()
}
