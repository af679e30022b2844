//! A store in memory: the reference for what the operations mean, and the fake for tests above.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::clock::{Clock, UnixMillis};
use crate::contract::Control;
use crate::key::Key;
use crate::record::{HEAD_LEN, Head, Kind, Record};
use crate::store::{BeginFill, Begun, CacheStore, Fill, FillOutcome, Invalidated, Invalidation, StoreError};

/// A store in memory, with a clock that decides what has expired.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<Key, Entry>>,
}

#[derive(Clone)]
struct Entry {
    raw: Bytes,
    expires_at: UnixMillis,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        MemoryStore { clock, entries: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        entries.retain(|_, entry| entry.expires_at > now);
        entries
    }

    fn after(&self, span: Duration) -> UnixMillis {
        self.clock.now() + span.as_millis() as UnixMillis
    }
}

#[async_trait]
impl CacheStore for MemoryStore {
    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        Ok(self.lock().get(key).map(|entry| entry.raw.clone()))
    }

    async fn read_head(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        let head = |raw: Bytes| raw.slice(..raw.len().min(HEAD_LEN));
        Ok(self.read(key).await?.map(head))
    }

    async fn read_many(&self, keys: &[Key]) -> Vec<Result<Option<Bytes>, StoreError>> {
        let entries = self.lock();
        keys.iter().map(|key| Ok(entries.get(key).map(|entry| entry.raw.clone()))).collect()
    }

    async fn begin_fill(&self, key: &Key, begin: &BeginFill) -> Result<Begun, StoreError> {
        let mut entries = self.lock();
        let lease_until = begin.now + begin.lease.as_millis() as UnixMillis;
        let other_life = |record: &Record| begin.generational && record.head.token != begin.token;
        let found = known(entries.get_mut(key)).filter(|(_, record)| !other_life(record));
        let Some((entry, mut record)) = found else {
            let head = Head::pending(begin.token, begin.now, lease_until);
            let raw = Bytes::copy_from_slice(&head.encode());
            entries.insert(key.clone(), Entry { raw, expires_at: self.after(begin.pending_ttl) });
            return Ok(Begun { head, holds_lease: true });
        };
        let holds_lease = !record.head.is_leased(begin.now);
        if holds_lease {
            record.head.lease_until = lease_until;
            entry.raw = record.encode();
        }
        Ok(Begun { head: record.head, holds_lease })
    }

    async fn fill(&self, key: &Key, fill: &Fill) -> Result<FillOutcome, StoreError> {
        let mut entries = self.lock();
        let Some((entry, record)) = known(entries.get_mut(key)) else {
            return Ok(FillOutcome::RefusedToken);
        };
        if record.head.token != fill.token {
            return Ok(FillOutcome::RefusedToken);
        }
        if fill.version < record.head.floor {
            return Ok(FillOutcome::RefusedFloor);
        }
        if fill.version < record.head.version {
            return Ok(FillOutcome::RefusedNewer);
        }
        let head = Head {
            kind: fill.kind,
            encoding: fill.encoding,
            version: fill.version,
            fresh_until: fill.fresh_until,
            body_hash: fill.body_hash,
            lease_until: 0,
            ..record.head
        };
        entry.raw = Record { head, body: fill.body.clone() }.encode();
        entry.expires_at = self.after(fill.ttl);
        Ok(FillOutcome::Stored)
    }

    async fn invalidate(&self, key: &Key, invalidation: &Invalidation) -> Result<Invalidated, StoreError> {
        let mut entries = self.lock();
        let Some((entry, mut record)) = known(entries.get_mut(key)) else {
            entries.remove(key);
            return Ok(Invalidated::Empty);
        };
        match *invalidation {
            Invalidation::UpTo(version) if version <= record.head.floor => Ok(Invalidated::Unchanged),
            Invalidation::UpTo(version) => {
                record.head.floor = version;
                record.head.lease_until = 0;
                entry.raw = record.encode();
                Ok(Invalidated::Raised)
            }
            Invalidation::Forced { token, born } => {
                entry.raw = Bytes::copy_from_slice(&Head::pending(token, born, 0).encode());
                Ok(Invalidated::Dropped)
            }
        }
    }
}

/// The entry, if it holds a record of this format.
fn known(entry: Option<&mut Entry>) -> Option<(&mut Entry, Record)> {
    let entry = entry?;
    let record = Record::decode(&entry.raw).ok()?;
    debug_assert!(record.head.kind == Kind::Live || record.body.is_empty());
    Some((entry, record))
}

#[async_trait]
impl Control for MemoryStore {
    async fn evict(&self, key: &Key) {
        self.lock().remove(key);
    }

    async fn flush(&self) {
        self.lock().clear();
    }

    async fn put_raw(&self, key: &Key, raw: Bytes) {
        let expires_at = self.after(Duration::from_secs(60));
        self.lock().insert(key.clone(), Entry { raw, expires_at });
    }

    async fn time_to_live(&self, key: &Key) -> Option<Duration> {
        let now = self.clock.now();
        self.lock().get(key).map(|entry| Duration::from_millis(entry.expires_at - now))
    }

    async fn expire(&self, key: &Key) {
        let now = self.clock.now();
        if let Some(entry) = self.lock().get_mut(key) {
            entry.expires_at = now;
        }
    }
}
