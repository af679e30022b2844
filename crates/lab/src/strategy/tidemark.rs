//! The engine itself, over its memory store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cache::clock::TokioClock;
use cache::contract::Control;
use cache::memory::MemoryStore;
use cache::{
    BeginFill, Begun, Cache, CacheConfig, CacheStore, Entropy, Fill, FillOutcome, Invalidated, Invalidation,
    Key, KeyError, Loaded, Lookup, Policy, Provenance, StoreError, Version,
};
use catalog::keys::product_policy;
use fastrand::Rng;

use super::{Origin, Served};
use crate::clock::EPOCH;
use crate::table::{Consistency, Table};
use crate::wire::Wire;

/// How long a writer and the stream's consumer give one invalidation.
const TELL_LIMIT: Duration = Duration::from_millis(1_000);
/// What is stored of every item: only versions matter here.
const BODY: &[u8] = &[b'x'; 300];

/// The engine, a [`Cache`] for each process.
pub(crate) struct Tidemark {
    caches: Vec<Cache>,
    /// The stream's consumer.
    teller: Cache,
    keys: Vec<Key>,
    policy: Policy,
    shelves: Arc<Shelves>,
    table: Arc<Table>,
}

impl Tidemark {
    pub(crate) fn new(
        items: usize,
        processes: usize,
        table: Arc<Table>,
        wire: Wire,
        mut rng: Rng,
    ) -> Result<Self, KeyError> {
        let shelves = Arc::new(Shelves::new(items));
        let mut cache = || {
            let link = Link { shelves: shelves.clone(), wire: wire.clone() };
            let (clock, entropy) = (TokioClock::starting_at(EPOCH), Entropy::from_seed(rng.u64(..)));
            Cache::new(Arc::new(link), Arc::new(clock), entropy, CacheConfig::default())
        };
        let caches = (0..processes).map(|_| cache()).collect();
        let teller = cache();
        let keys = (0..items).map(|item| Key::new("lab", "product", &item.to_string()));
        let keys = keys.collect::<Result<_, _>>()?;
        Ok(Tidemark { caches, teller, keys, policy: product_policy(), shelves, table })
    }
}

#[async_trait]
impl Origin for Tidemark {
    async fn read(&self, item: usize, process: usize) -> Option<Served> {
        let load = || async {
            let version = self.table.load(item, Consistency::Strong).await;
            Ok(Loaded::Found { version: Version(version), body: Bytes::from_static(BODY) })
        };
        let lookup = Lookup::of(&self.keys[item], &self.policy);
        let answer = self.caches[process].get_or_load(lookup, load).await.ok()?;
        let hit = !matches!(
            answer.provenance,
            Provenance::Loaded { .. } | Provenance::Joined(_) | Provenance::Bypassed(_)
        );
        Some(Served { version: answer.version.0, storable: answer.storable(), hit })
    }

    async fn invalidate(&self, item: usize, version: u64) -> bool {
        self.teller.raise_floor(&self.keys[item], Version(version), TELL_LIMIT).await.is_ok()
    }

    async fn restart(&self) {
        for shelf in &self.shelves.0 {
            shelf.flush().await;
        }
    }
}

/// The memory store, one for each key: it looks for expired records among all it holds whenever it is asked.
struct Shelves(Vec<MemoryStore>);

impl Shelves {
    fn new(items: usize) -> Self {
        let clock = Arc::new(TokioClock::starting_at(EPOCH));
        Shelves((0..items.max(1)).map(|_| MemoryStore::new(clock.clone())).collect())
    }

    /// Keys end in an item's number.
    fn of(&self, key: &Key) -> &MemoryStore {
        let digits = key.as_str().bytes().filter(u8::is_ascii_digit);
        let number = digits.fold(0, |number: usize, digit| number * 10 + usize::from(digit - b'0'));
        &self.0[number % self.0.len()]
    }
}

/// A process's connection to the store.
struct Link {
    shelves: Arc<Shelves>,
    wire: Wire,
}

#[async_trait]
impl CacheStore for Link {
    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.wire.operation(self.shelves.of(key).read(key)).await
    }

    async fn read_head(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.wire.operation(self.shelves.of(key).read_head(key)).await
    }

    async fn read_many(&self, keys: &[Key]) -> Vec<Result<Option<Bytes>, StoreError>> {
        futures::future::join_all(keys.iter().map(|key| self.read(key))).await
    }

    async fn begin_fill(&self, key: &Key, begin: &BeginFill) -> Result<Begun, StoreError> {
        self.wire.operation(self.shelves.of(key).begin_fill(key, begin)).await
    }

    async fn fill(&self, key: &Key, fill: &Fill) -> Result<FillOutcome, StoreError> {
        let (shelves, key, fill) = (self.shelves.clone(), key.clone(), fill.clone());
        let filled = self.wire.fill(async move { shelves.of(&key).fill(&key, &fill).await }).await;
        filled.unwrap_or(Err(StoreError::TimedOut))
    }

    async fn invalidate(&self, key: &Key, invalidation: &Invalidation) -> Result<Invalidated, StoreError> {
        self.wire.operation(self.shelves.of(key).invalidate(key, invalidation)).await
    }
}
