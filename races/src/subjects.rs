//! The libraries, each used as its documentation shows.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use cache::memory::MemoryStore;
use cache::{
    Cache, CacheConfig, Content, Entropy, Key, LoadError, Loaded, Lookup, Policy, SystemClock, Version,
};
use cached::Cached;
use cached::macros::cached;

use crate::scene::{Source, Subject};

/// Every subject, by name.
pub fn all() -> Vec<Arc<dyn Subject>> {
    vec![
        Arc::new(CacheAside::default()),
        Arc::new(Moka(moka::future::Cache::new(100))),
        Arc::new(QuickCache(quick_cache::sync::Cache::new(100))),
        Arc::new(Macro),
        Arc::new(MacroByKey),
        Arc::new(Foyer(foyer::CacheBuilder::new(100).build())),
        Arc::new(Tidemark::new()),
    ]
}

/// Get; if there is nothing, load and set. Delete on change. By hand, as against any store.
#[derive(Default)]
struct CacheAside(Mutex<HashMap<&'static str, u64>>);

#[async_trait]
impl Subject for CacheAside {
    fn name(&self) -> &'static str {
        "cache-aside by hand: get, load, set; delete"
    }

    async fn get(&self, source: &Arc<Source>) -> u64 {
        let map = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = map().get("key").copied() {
            return version;
        }
        let version = source.load().await;
        map().insert("key", version);
        version
    }

    async fn invalidate(&self, _version: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove("key");
    }
}

struct Moka(moka::future::Cache<&'static str, u64>);

#[async_trait]
impl Subject for Moka {
    fn name(&self) -> &'static str {
        "moka 0.12.16: get_with; invalidate"
    }

    async fn get(&self, source: &Arc<Source>) -> u64 {
        self.0.get_with("key", source.load()).await
    }

    async fn invalidate(&self, _version: u64) {
        self.0.invalidate("key").await;
    }
}

struct QuickCache(quick_cache::sync::Cache<&'static str, u64>);

#[async_trait]
impl Subject for QuickCache {
    fn name(&self) -> &'static str {
        "quick_cache 0.7.0: get_or_insert_async; remove"
    }

    async fn get(&self, source: &Arc<Source>) -> u64 {
        let loaded =
            self.0.get_or_insert_async(&"key", async { Ok::<_, Infallible>(source.load().await) }).await;
        loaded.unwrap_or_else(|never| match never {})
    }

    async fn invalidate(&self, _version: u64) {
        self.0.remove(&"key");
    }
}

#[cached(key = "&'static str", convert = r#"{ "key" }"#)]
async fn memoized(source: &Arc<Source>) -> u64 {
    source.load().await
}

struct Macro;

#[async_trait]
impl Subject for Macro {
    fn name(&self) -> &'static str {
        "cached 4.1.0: #[cached]; cache_remove"
    }

    async fn get(&self, source: &Arc<Source>) -> u64 {
        memoized(source).await
    }

    async fn invalidate(&self, _version: u64) {
        let _removed = MEMOIZED.write().await.cache_remove("key");
    }
}

#[cached(key = "&'static str", convert = r#"{ "key" }"#, sync_writes = "by_key")]
async fn memoized_by_key(source: &Arc<Source>) -> u64 {
    source.load().await
}

struct MacroByKey;

#[async_trait]
impl Subject for MacroByKey {
    fn name(&self) -> &'static str {
        "cached 4.1.0: #[cached(sync_writes = \"by_key\")]; cache_remove"
    }

    async fn get(&self, source: &Arc<Source>) -> u64 {
        memoized_by_key(source).await
    }

    async fn invalidate(&self, _version: u64) {
        let _removed = MEMOIZED_BY_KEY.write().await.cache_remove("key");
    }
}

struct Foyer(foyer::Cache<u64, u64>);

#[async_trait]
impl Subject for Foyer {
    fn name(&self) -> &'static str {
        "foyer 0.22.6: get_or_fetch; remove"
    }

    async fn get(&self, source: &Arc<Source>) -> u64 {
        let source = source.clone();
        let fetched =
            self.0.get_or_fetch(&1, || async move { Ok::<_, std::io::Error>(source.load().await) }).await;
        fetched.map(|entry| *entry.value()).unwrap_or_default()
    }

    async fn invalidate(&self, _version: u64) {
        self.0.remove(&1);
    }
}

/// The engine over its store in memory, which has passed the same contract as the one on Valkey.
struct Tidemark {
    cache: Cache,
    key: Key,
    policy: Policy,
}

impl Tidemark {
    fn new() -> Tidemark {
        let clock = Arc::new(SystemClock);
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let cache = Cache::new(store, clock, Entropy::from_os(), CacheConfig::default());
        let key = Key::new("races", "product", "1").unwrap_or_else(|_| unreachable!("a fixed key"));
        Tidemark { cache, key, policy: Policy::default() }
    }
}

#[async_trait]
impl Subject for Tidemark {
    fn name(&self) -> &'static str {
        "Tidemark: get_or_load; raise_floor"
    }

    async fn get(&self, source: &Arc<Source>) -> u64 {
        let load = || async {
            let version = source.load().await;
            let body = Bytes::from(version.to_string());
            Ok::<_, LoadError>(Loaded::Found { version: Version(version), body })
        };
        match self.cache.get_or_load(Lookup::of(&self.key, &self.policy), load).await {
            Ok(answer) => match answer.content {
                Content::Live { .. } => answer.version.0,
                Content::Absent => 0,
            },
            Err(_) => 0,
        }
    }

    async fn invalidate(&self, version: u64) {
        let _told = self.cache.raise_floor(&self.key, Version(version), self.policy.store_timeout).await;
    }
}
