//! Bodies kept in the process: validated by the head, or for a short time by themselves.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cache::chaos::{ChaosStore, Mood};
use cache::contract::Control;
use cache::memory::MemoryStore;
use cache::{
    Answer, BeginFill, Begun, Cache, CacheConfig, CacheStore, Entropy, Fill, FillOutcome, Invalidated,
    Invalidation, Key, LoadError, Loaded, Lookup, Policy, Provenance, Storable, StoreError, Version,
};
use tokio::sync::Semaphore;

use crate::world::{found, is_hit, never_asked, world};

const SIZE: usize = 8_000;

async fn big(version: u64) -> Result<Loaded, LoadError> {
    let text = format!("{version:0>SIZE$}");
    Ok(Loaded::Found { version: Version(version), body: text.into() })
}

fn is_local(answer: &Answer, version: u64, timed: bool) -> bool {
    matches!(answer.provenance, Provenance::LocalHit { timed: how, .. } if how == timed)
        && answer.version == Version(version)
        && matches!(&answer.content, cache::Content::Live { body, .. }
            if body.len() == SIZE && body.ends_with(version.to_string().as_bytes()))
}

#[tokio::test(start_paused = true)]
async fn of_a_large_body_only_the_head_travels_again() {
    let w = world();
    w.get(|| big(7)).await;
    w.chaos.take_asked();
    let answer = w.get(never_asked).await;
    assert!(is_local(&answer, 7, false) && answer.storable() == Storable::Yes);
    assert_eq!(w.chaos.take_asked(), ["read_head"], "what the store accepted is kept");
    let other = w.elsewhere();
    assert!(matches!(other.get(never_asked).await.provenance, Provenance::Hit(_)));
    assert!(is_local(&other.get(never_asked).await, 7, false), "and so is what it served");
    assert_eq!(w.chaos.take_asked(), ["read", "read_head"]);
}

#[tokio::test(start_paused = true)]
async fn a_small_body_travels_whole() {
    let w = world();
    w.get(|| found(7)).await;
    assert!(is_hit(&w.get(never_asked).await, 7));
    assert!(is_hit(&w.get(never_asked).await, 7));
}

#[tokio::test(start_paused = true)]
async fn a_body_kept_here_is_not_served_once_the_head_says_otherwise() {
    let changes: [(&str, u64); 3] = [("raise", 8), ("force", 7), ("replace", 9)];
    for (change, version) in changes {
        let w = world();
        w.get(|| big(7)).await;
        let other = w.elsewhere();
        match change {
            "raise" => other.raise(8).await,
            "force" => other.force().await,
            _ => {
                let reload = Lookup { reload: true, ..other.ask() };
                other.cache.get_or_load(reload, || big(9)).await.unwrap();
            }
        }
        let answer = w.get(|| big(version)).await;
        assert_eq!(answer.version, Version(version), "{change}");
        assert!(!matches!(answer.provenance, Provenance::LocalHit { .. }), "{change}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_kept_here_is_not_served_when_the_head_is_missing_short_or_another_life() {
    for loss in ["evict", "short", "reborn"] {
        let w = world();
        w.get(|| big(7)).await;
        match loss {
            "evict" => w.memory.evict(&w.key).await,
            "short" => w.memory.put_raw(&w.key, Bytes::from_static(b"t1L- 0123")).await,
            _ => {
                w.memory.evict(&w.key).await;
                w.elsewhere().get(|| big(7)).await;
            }
        }
        let answer = w.get(|| big(8)).await;
        assert!(!matches!(answer.provenance, Provenance::LocalHit { .. }), "{loss}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_timed_body_answers_without_the_store_for_its_time_and_no_longer() {
    let mut w = world();
    w.policy.local_ttl = Duration::from_secs(1);
    w.get(|| found(7)).await;
    w.chaos.set(Mood::Stalled);
    let answer = w.get(never_asked).await;
    assert!(matches!(answer.provenance, Provenance::LocalHit { timed: true, .. }));
    assert_eq!(
        answer.storable(),
        Storable::Briefly,
        "no level above may keep it longer than it may be wrong"
    );
    let picky = Lookup { minimum: Version(8), ..w.ask() };
    w.chaos.set(Mood::Well);
    w.chaos.take_asked();
    assert_eq!(
        w.cache.get_or_load(picky, || found(8)).await.unwrap().version,
        Version(8),
        "but not below a minimum"
    );
    w.elsewhere().raise(9).await;
    tokio::time::advance(w.policy.local_ttl).await;
    assert_eq!(w.get(|| found(9)).await.version, Version(9));
}

#[tokio::test(start_paused = true)]
async fn a_frozen_process_wakes_with_its_time_over() {
    let mut w = world();
    w.policy.local_ttl = Duration::from_secs(2);
    w.get(|| found(7)).await;
    w.elsewhere().raise(8).await;
    tokio::time::advance(Duration::from_secs(3_600)).await;
    assert_eq!(w.get(|| found(8)).await.version, Version(8));
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_by_this_process_is_known_at_once() {
    let mut w = world();
    w.policy.local_ttl = Duration::from_secs(2);
    w.get(|| found(7)).await;
    w.raise(8).await;
    assert_eq!(w.get(|| found(8)).await.version, Version(8));
}

/// Holds back the answer of the first read until it is let go.
pub struct SlowFirstRead {
    inner: Arc<MemoryStore>,
    first: Semaphore,
    pub read: Semaphore,
    pub go: Semaphore,
}

impl SlowFirstRead {
    pub fn over(inner: Arc<MemoryStore>) -> Arc<SlowFirstRead> {
        let (first, read, go) = (Semaphore::new(1), Semaphore::new(0), Semaphore::new(0));
        Arc::new(SlowFirstRead { inner, first, read, go })
    }
}

#[async_trait]
impl CacheStore for SlowFirstRead {
    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        let raw = self.inner.read(key).await;
        if let Ok(first) = self.first.try_acquire() {
            first.forget();
            self.read.add_permits(1);
            self.go.acquire().await.unwrap().forget();
        }
        raw
    }

    async fn read_head(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.inner.read_head(key).await
    }

    async fn read_many(&self, keys: &[Key]) -> Vec<Result<Option<Bytes>, StoreError>> {
        self.inner.read_many(keys).await
    }

    async fn begin_fill(&self, key: &Key, begin: &BeginFill) -> Result<Begun, StoreError> {
        self.inner.begin_fill(key, begin).await
    }

    async fn fill(&self, key: &Key, fill: &Fill) -> Result<FillOutcome, StoreError> {
        self.inner.fill(key, fill).await
    }

    async fn invalidate(&self, key: &Key, invalidation: &Invalidation) -> Result<Invalidated, StoreError> {
        self.inner.invalidate(key, invalidation).await
    }
}

/// The race in which a plain in-process cache keeps the old value: a slow read brings it after the change is known.
#[tokio::test(start_paused = true)]
async fn what_a_slow_request_brings_does_not_outlive_what_another_has_learned() {
    let w = world();
    w.holding(7).await;
    let slow = SlowFirstRead::over(w.memory.clone());
    let policy = Policy {
        local_ttl: Duration::from_secs(2),
        store_timeout: Duration::from_secs(5),
        ..w.policy.clone()
    };
    let entropy = Entropy::from_seed(3);
    let cache = Arc::new(Cache::new(slow.clone(), Arc::new(w.clock), entropy, CacheConfig::default()));
    let held = {
        let (cache, key, policy) = (cache.clone(), w.key.clone(), policy.clone());
        tokio::spawn(async move { cache.get_or_load(Lookup::of(&key, &policy), never_asked).await.unwrap() })
    };
    slow.read.acquire().await.unwrap().forget();
    w.raise(8).await;
    let ask = Lookup::of(&w.key, &policy);
    assert_eq!(
        cache.get_or_load(ask, || found(8)).await.unwrap().version,
        Version(8),
        "this process knows of 8"
    );
    slow.go.add_permits(1);
    assert_eq!(held.await.unwrap().version, Version(7), "right for the one who asked before the change");
    let after = cache.get_or_load(ask, never_asked).await.unwrap();
    assert_eq!(after.version, Version(8), "but for nobody after it");
}

#[tokio::test(start_paused = true)]
async fn memory_stays_within_its_budget() {
    let w = world();
    let config = CacheConfig { local_bytes: 3 * SIZE, ..CacheConfig::default() };
    let chaos: Arc<ChaosStore> = w.chaos.clone();
    let cache = Cache::new(chaos, Arc::new(w.clock), Entropy::from_seed(3), config);
    let keys: Vec<Key> = (0..5).map(|n| Key::new("n", "f", &n.to_string()).unwrap()).collect();
    for key in &keys {
        cache.get_or_load(Lookup::of(key, &w.policy), || big(7)).await.unwrap();
    }
    let mut local = 0;
    for key in &keys {
        let answer = cache.get_or_load(Lookup::of(key, &w.policy), never_asked).await.unwrap();
        local += usize::from(is_local(&answer, 7, false));
    }
    assert!(local <= 2, "{local}");
}
