//! A store on a real server, and a way to do what a server does by itself.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cache::contract::Control;
use cache::{BeginFill, Begun, CacheStore, Fill, FillOutcome, Invalidated, Invalidation, Key, StoreError};
use cache_valkey::{ValkeyConfig, ValkeyStore};
use redis::{Cmd, FromRedisValue};

use crate::servers::{Server, TestCluster};

/// Where the test's own commands go.
#[derive(Clone)]
pub enum Behind {
    Node(Arc<Server>),
    Cluster(Arc<TestCluster>),
}

/// A store on a real server, and a way to do what a server does by itself.
pub struct Controlled {
    pub store: ValkeyStore,
    pub behind: Behind,
    /// Servers are shared by tests that run at the same time: to flush is to remove the keys of this one.
    keys: Mutex<BTreeSet<String>>,
}

impl Controlled {
    pub fn new(config: ValkeyConfig, behind: Behind) -> Self {
        Controlled { store: ValkeyStore::new(config).unwrap(), behind, keys: Mutex::default() }
    }

    /// A flush spares what was used so far.
    pub fn forget_keys(&self) {
        self.keys.lock().unwrap().clear();
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        match &self.behind {
            Behind::Node(server) => server.try_ask(command).await.unwrap(),
            Behind::Cluster(cluster) => cluster.on_owner(command).await,
        }
    }

    fn noting(&self, key: &Key) -> &ValkeyStore {
        self.keys.lock().unwrap().insert(key.as_str().to_owned());
        &self.store
    }
}

#[async_trait]
impl CacheStore for Controlled {
    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.noting(key).read(key).await
    }

    async fn read_head(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.noting(key).read_head(key).await
    }

    async fn read_many(&self, keys: &[Key]) -> Vec<Result<Option<Bytes>, StoreError>> {
        keys.iter().for_each(|key| {
            self.noting(key);
        });
        self.store.read_many(keys).await
    }

    async fn begin_fill(&self, key: &Key, begin: &BeginFill) -> Result<Begun, StoreError> {
        self.noting(key).begin_fill(key, begin).await
    }

    async fn fill(&self, key: &Key, fill: &Fill) -> Result<FillOutcome, StoreError> {
        self.noting(key).fill(key, fill).await
    }

    async fn invalidate(&self, key: &Key, invalidation: &Invalidation) -> Result<Invalidated, StoreError> {
        self.noting(key).invalidate(key, invalidation).await
    }
}

#[async_trait]
impl Control for Controlled {
    async fn evict(&self, key: &Key) {
        let deleted: u8 = self.ask(redis::cmd("DEL").arg(key.as_str())).await;
        assert_eq!(deleted, 1);
    }

    async fn flush(&self) {
        let keys = self.keys.lock().unwrap().clone();
        for key in keys {
            let _deleted: u8 = self.ask(redis::cmd("DEL").arg(key)).await;
        }
    }

    async fn expire(&self, key: &Key) {
        let set: bool = self.ask(redis::cmd("PEXPIREAT").arg(key.as_str()).arg(1)).await;
        assert!(set);
    }

    async fn put_raw(&self, key: &Key, raw: Bytes) {
        self.noting(key);
        let _ok: String = self.ask(redis::cmd("SET").arg(key.as_str()).arg(&raw[..])).await;
    }

    async fn time_to_live(&self, key: &Key) -> Option<Duration> {
        let left: i64 = self.ask(redis::cmd("PTTL").arg(key.as_str())).await;
        u64::try_from(left).ok().map(Duration::from_millis)
    }
}
