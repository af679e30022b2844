//! A cache over a memory store that fails on command, with one key and a clock that tests move.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cache::chaos::ChaosStore;
use cache::clock::TokioClock;
use cache::contract::{NOW, fresh_key};
use cache::memory::MemoryStore;
use cache::{
    Answer, Cache, CacheConfig, Content, Entropy, FillOutcome, Key, LoadError, Loaded, Lookup, Policy,
    Provenance, Storable, Version,
};

pub struct World {
    pub cache: Arc<Cache>,
    pub memory: Arc<MemoryStore>,
    pub chaos: Arc<ChaosStore>,
    pub clock: TokioClock,
    pub key: Key,
    pub policy: Policy,
}

pub const LIMIT: Duration = Duration::from_millis(100);

/// Without jitter and early refreshes, which have tests of their own.
pub fn world() -> World {
    let clock = TokioClock::starting_at(NOW);
    let memory = Arc::new(MemoryStore::new(Arc::new(clock)));
    let chaos = Arc::new(ChaosStore::new(memory.clone()));
    let policy = Policy { jitter: 0.0, refresh_ahead: Duration::ZERO, ..Policy::default() };
    let world = World { cache: cache_over(&chaos, clock), memory, chaos, clock, key: fresh_key(), policy };
    world.chaos.take_asked();
    world
}

/// Another process: nothing is shared but the store.
pub fn cache_over(chaos: &Arc<ChaosStore>, clock: TokioClock) -> Arc<Cache> {
    let entropy = Entropy::from_seed(fastrand::u64(..));
    Arc::new(Cache::new(chaos.clone(), Arc::new(clock), entropy, CacheConfig::default()))
}

impl World {
    pub fn ask(&self) -> Lookup<'_> {
        Lookup::of(&self.key, &self.policy)
    }

    /// The same store and key, from another process.
    pub fn elsewhere(&self) -> World {
        World {
            cache: cache_over(&self.chaos, self.clock),
            memory: self.memory.clone(),
            chaos: self.chaos.clone(),
            clock: self.clock,
            key: self.key.clone(),
            policy: self.policy.clone(),
        }
    }

    pub async fn get<F>(&self, load: impl FnOnce() -> F) -> Answer
    where
        F: Future<Output = Result<Loaded, LoadError>>,
    {
        self.cache.get_or_load(self.ask(), load).await.unwrap()
    }

    pub async fn holding(&self, version: u64) {
        let answer = self.get(|| found(version)).await;
        assert_eq!(answer.storable(), Storable::Yes);
    }

    pub async fn raise(&self, version: u64) {
        self.cache.raise_floor(&self.key, Version(version), LIMIT).await.unwrap();
    }

    pub async fn force(&self) {
        self.cache.drop_item(&self.key, LIMIT).await.unwrap();
    }
}

pub fn body(version: u64) -> Bytes {
    Bytes::from(format!("body of {version}"))
}

pub async fn found(version: u64) -> Result<Loaded, LoadError> {
    Ok(Loaded::Found { version: Version(version), body: body(version) })
}

pub async fn absent() -> Result<Loaded, LoadError> {
    Ok(Loaded::Absent)
}

pub async fn source_down() -> Result<Loaded, LoadError> {
    Err(LoadError::Unavailable("down".into()))
}

pub async fn never_asked() -> Result<Loaded, LoadError> {
    panic!("the source must not be asked")
}

pub fn is_hit(answer: &Answer, version: u64) -> bool {
    matches!(answer.provenance, Provenance::Hit(_))
        && answer.version == Version(version)
        && matches!(&answer.content, Content::Live { body: b, .. } if *b == body(version))
}

pub fn refused(answer: &Answer, how: FillOutcome) -> bool {
    matches!(answer.provenance, Provenance::Loaded { fill, .. } if fill == how)
        && answer.storable() == Storable::No
}
