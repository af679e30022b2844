//! What the engine does, over the workspace's store in memory: no network, no other process.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use cache::contract::Control;
use cache::memory::MemoryStore;
use cache::record::body_hash;
use cache::{
    Answer, Cache, CacheConfig, CacheStore, Entropy, FillOutcome, GetError, Head, Invalidated, Key,
    LoadError, Loaded, Lookup, Policy, Provenance, Record, StoreError, SystemClock, Version,
};
use clap::ValueEnum;

use crate::records::{body, key, live};

/// The body's size in bytes.
pub const BYTES: usize = 1_000;
/// That of a body which is compressed.
pub const LARGE: usize = 20_000;
/// How long an invalidation may take.
const LIMIT: Duration = Duration::from_secs(5);

/// An operation that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Operation {
    /// The store in memory alone, without the engine: it is part of most of the others
    Store,
    /// A hit
    Hit,
    /// A hit on a large body, unpacked
    HitPacked,
    /// A hit whose body is in the process's memory: the store is asked for the head
    HitHead,
    /// A hit in the process's memory, without asking
    HitTimed,
    /// What is known to be absent
    HitAbsent,
    /// A miss: announced, loaded from nowhere, filled
    Miss,
    /// The same with a large body, packed
    MissPacked,
    /// A floor is raised
    Floor,
    /// The same floor again
    FloorAgain,
    /// An item is dropped
    Drop,
    /// A record is encoded
    Encode,
    /// A head is parsed
    Parse,
    /// A body is hashed
    Hash,
}

impl Operation {
    /// What the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Store => "the store in memory alone: a read",
            Operation::Hit => "hit",
            Operation::HitPacked => "hit, 20 KB unpacked",
            Operation::HitHead => "hit in memory, head asked",
            Operation::HitTimed => "hit in memory, timed",
            Operation::HitAbsent => "known to be absent",
            Operation::Miss => "miss: announce, fill",
            Operation::MissPacked => "miss, 20 KB packed",
            Operation::Floor => "told a floor: raised",
            Operation::FloorAgain => "told the same floor again",
            Operation::Drop => "told to drop",
            Operation::Encode => "encode a record",
            Operation::Parse => "parse a head",
            Operation::Hash => "hash a body",
        }
    }
}

/// An engine on which any operation can be repeated.
pub struct Engine {
    store: Arc<MemoryStore>,
    cache: Cache,
    policy: Policy,
    floor: AtomicU64,
    body: Bytes,
    large: Bytes,
    record: Record,
    raw: Bytes,
    keys: [Key; 8],
}

impl Engine {
    /// One with everything in its place.
    pub async fn new() -> Result<Engine, String> {
        let clock = Arc::new(SystemClock);
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let cache = Cache::new(store.clone(), clock, Entropy::from_os(), CacheConfig::default());
        let day = Duration::from_secs(86_400);
        let policy = Policy { fresh_for: day, absent_for: day, local_from: usize::MAX, ..Policy::default() };
        let raw = live(body(BYTES));
        let record = Record::decode(&raw).map_err(|error| error.to_string())?;
        let mut keys = Vec::new();
        for number in 0..8 {
            keys.push(key(number)?);
        }
        let keys = keys.try_into().map_err(|_| "eight keys".to_owned())?;
        let (body, large) = (body(BYTES), body(LARGE));
        let engine =
            Engine { store, cache, policy, floor: AtomicU64::new(0), body, large, record, raw, keys };
        for (key, loaded) in engine.keys.iter().zip([
            engine.found(&engine.body),
            engine.found(&engine.large),
            engine.found(&engine.body),
            engine.found(&engine.body),
            Loaded::Absent,
            engine.found(&engine.body),
            engine.found(&engine.body),
            engine.found(&engine.body),
        ]) {
            let answer = engine.cache.get_or_load(Lookup::of(key, &engine.policy), async || Ok(loaded)).await;
            answer.map_err(|error| error.to_string())?;
        }
        Ok(engine)
    }

    /// Repeats an operation. Whatever does something else than its name says is an error.
    pub async fn repeat(&self, operation: Operation, times: u64) -> Result<(), String> {
        let [plain, packed, head, timed, absent, missed, told, dropped] = &self.keys;
        let near = Policy { local_from: 1, ..self.policy.clone() };
        let nearer = Policy { local_from: 1, local_ttl: Duration::from_secs(2), ..self.policy.clone() };
        let from_store = |provenance: Provenance| matches!(provenance, Provenance::Hit(_));
        // The first of them brings the body in.
        let in_memory =
            |provenance: Provenance| matches!(provenance, Provenance::LocalHit { .. } | Provenance::Hit(_));
        match operation {
            Operation::Hit => self.hits(plain, &self.policy, times, from_store).await,
            Operation::HitPacked => self.hits(packed, &self.policy, times, from_store).await,
            Operation::HitHead => self.hits(head, &near, times, in_memory).await,
            Operation::HitTimed => self.hits(timed, &nearer, times, in_memory).await,
            Operation::HitAbsent => self.hits(absent, &self.policy, times, from_store).await,
            Operation::Miss => self.misses(missed, &self.body, times).await,
            Operation::MissPacked => self.misses(missed, &self.large, times).await,
            Operation::Floor => self.floors(told, times, 1).await,
            Operation::FloorAgain => self.floors(told, times, 0).await,
            Operation::Store => {
                let store: &dyn CacheStore = &*self.store;
                for _ in 0..times {
                    black_box(store.read(plain).await.map_err(|error| error.to_string())?);
                }
                Ok(())
            }
            Operation::Drop => {
                for _ in 0..times {
                    told_as(self.cache.drop_item(dropped, LIMIT).await, Invalidated::Dropped)?;
                }
                Ok(())
            }
            Operation::Encode => repeat(times, || self.record.encode()),
            Operation::Parse => repeat(times, || Head::decode(black_box(&self.raw))),
            Operation::Hash => repeat(times, || body_hash(black_box(&self.body))),
        }
    }

    async fn hits(
        &self,
        key: &Key,
        policy: &Policy,
        times: u64,
        meant: impl Fn(Provenance) -> bool,
    ) -> Result<(), String> {
        for _ in 0..times {
            let never = async || Err(LoadError::Unavailable("nothing is loaded here".to_owned()));
            expect(self.cache.get_or_load(Lookup::of(key, policy), never).await, &meant)?;
        }
        Ok(())
    }

    async fn misses(&self, key: &Key, body: &Bytes, times: u64) -> Result<(), String> {
        let stored = |provenance| matches!(provenance, Provenance::Loaded { fill: FillOutcome::Stored, .. });
        for _ in 0..times {
            self.store.evict(key).await;
            let load = async || Ok(self.found(body));
            expect(self.cache.get_or_load(Lookup::of(key, &self.policy), load).await, stored)?;
        }
        Ok(())
    }

    async fn floors(&self, key: &Key, times: u64, step: u64) -> Result<(), String> {
        let meant = if step == 0 { Invalidated::Unchanged } else { Invalidated::Raised };
        for _ in 0..times {
            let version = Version(self.floor.fetch_add(step, Ordering::Relaxed) + step);
            told_as(self.cache.raise_floor(key, version, LIMIT).await, meant)?;
        }
        Ok(())
    }

    fn found(&self, body: &Bytes) -> Loaded {
        Loaded::Found { version: Version(1), body: body.clone() }
    }
}

fn expect(answer: Result<Answer, GetError>, meant: impl Fn(Provenance) -> bool) -> Result<(), String> {
    let answer = black_box(answer.map_err(|error| error.to_string())?);
    if meant(answer.provenance) {
        Ok(())
    } else {
        Err(format!("not what was meant: {:?}", answer.provenance))
    }
}

fn told_as(told: Result<Invalidated, StoreError>, meant: Invalidated) -> Result<(), String> {
    let told = black_box(told.map_err(|error| error.to_string())?);
    if told == meant { Ok(()) } else { Err(format!("not what was meant: {told:?}")) }
}

fn repeat<T>(times: u64, operation: impl Fn() -> T) -> Result<(), String> {
    for _ in 0..times {
        black_box(operation());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_operation_does_what_its_name_says() {
        let engine = Engine::new().await.unwrap();
        for operation in Operation::value_variants() {
            assert_eq!(engine.repeat(*operation, 3).await, Ok(()), "{operation:?}");
        }
    }
}
