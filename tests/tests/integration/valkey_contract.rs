//! A real server passes the contract that the memory fake passes.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cache::contract::Control;
use cache::{BeginFill, Begun, CacheStore, Fill, FillOutcome, Invalidated, Invalidation, Key, StoreError};
use cache_valkey::{ValkeyConfig, ValkeyStore};
use local::valkey::Valkey;
use redis::AsyncCommands;

/// A store on a server of its own, and another connection to do what a server does by itself.
struct RealServer {
    store: ValkeyStore,
    connection: redis::aio::MultiplexedConnection,
    _server: Valkey,
}

async fn real_server() -> RealServer {
    let server = Valkey::start().await.unwrap();
    let store = ValkeyStore::new(ValkeyConfig::from_url(&server.url()).unwrap()).unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    RealServer { store, connection, _server: server }
}

cache::contract_tests!(real_server());

#[async_trait]
impl CacheStore for RealServer {
    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.store.read(key).await
    }

    async fn begin_fill(&self, key: &Key, begin: &BeginFill) -> Result<Begun, StoreError> {
        self.store.begin_fill(key, begin).await
    }

    async fn fill(&self, key: &Key, fill: &Fill) -> Result<FillOutcome, StoreError> {
        self.store.fill(key, fill).await
    }

    async fn invalidate(&self, key: &Key, invalidation: &Invalidation) -> Result<Invalidated, StoreError> {
        self.store.invalidate(key, invalidation).await
    }
}

#[async_trait]
impl Control for RealServer {
    async fn evict(&self, key: &Key) {
        let deleted: u8 = self.connection.clone().del(key.as_str()).await.unwrap();
        assert_eq!(deleted, 1);
    }

    async fn flush(&self) {
        let _ok: String = redis::cmd("FLUSHALL").query_async(&mut self.connection.clone()).await.unwrap();
    }

    async fn expire(&self, key: &Key) {
        let set: bool = self.connection.clone().pexpire_at(key.as_str(), 1).await.unwrap();
        assert!(set);
    }

    async fn put_raw(&self, key: &Key, raw: Bytes) {
        let _ok: String = self.connection.clone().set(key.as_str(), &raw[..]).await.unwrap();
    }

    async fn time_to_live(&self, key: &Key) -> Option<Duration> {
        let left: i64 = self.connection.clone().pttl(key.as_str()).await.unwrap();
        u64::try_from(left).ok().map(Duration::from_millis)
    }
}
