//! The byte-bounded store: least recently used leaves first, purged by path, prefix or tag.

mod entry;
mod fence;
mod shelves;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderName};
use tokio::time::Instant;

pub(crate) use entry::{Entry, Usable};
pub(crate) use fence::Fill;
pub(crate) use shelves::Found;

use crate::config::InFlightFills;
use crate::invalidation::Item;
use crate::key::Key;
use fence::Fence;
use shelves::Shelves;

#[derive(Debug)]
pub(crate) struct Store {
    shelves: Mutex<Shelves>,
    fence: Arc<Fence>,
    capacity: usize,
    in_flight_fills: InFlightFills,
}

/// What became of an entry that was to be stored.
#[derive(Debug)]
pub(crate) enum Inserted {
    /// Held; these had to leave for it.
    Stored { evicted: Vec<Arc<Entry>> },
    /// A purge ran while it was on its way.
    Refused,
    /// Larger than the whole store.
    TooLarge,
}

impl Store {
    pub(crate) fn new(capacity: usize, in_flight_fills: InFlightFills) -> Self {
        Self { shelves: Mutex::default(), fence: Arc::default(), capacity, in_flight_fills }
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        // A panic elsewhere leaves at worst an entry in one index and not in another, which costs a miss.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entry for a request, which counts as a use.
    pub(crate) fn find(&self, key: &Key, request: &HeaderMap) -> Option<Found> {
        let mut shelves = self.shelves();
        let (id, found) = shelves.find(key, request)?;
        shelves.touch(id);
        Some(found)
    }

    /// The request headers that answers under this key are known to vary by.
    pub(crate) fn varies_by(&self, key: &Key) -> Vec<HeaderName> {
        let shelves = self.shelves();
        shelves
            .under(key)
            .next()
            .map_or(Vec::new(), |entry| entry.vary.iter().map(|(name, _)| name.clone()).collect())
    }

    /// Everything held for a path, without counting as a use.
    pub(crate) fn peek(&self, path: &str) -> Vec<Arc<Entry>> {
        self.shelves().at_path(path).cloned().collect()
    }

    /// To be held from before the request leaves for the origin until its answer is stored or given up.
    pub(crate) fn begin_fill(&self) -> Fill {
        self.fence.begin()
    }

    pub(crate) fn insert(&self, entry: Arc<Entry>, fill: &Fill) -> Inserted {
        if entry.bytes() > self.capacity {
            return Inserted::TooLarge;
        }
        let mut shelves = self.shelves();
        // Asked under the lock that a purge takes too: one that comes later finds the entry on the shelf.
        if self.in_flight_fills == InFlightFills::Refuse && fill.was_purged(&entry.key.target, &entry.tags) {
            return Inserted::Refused;
        }
        shelves.insert(entry);
        let mut evicted = Vec::new();
        while shelves.bytes() > self.capacity {
            match shelves.evict_one() {
                Some(entry) => evicted.push(entry),
                None => break,
            }
        }
        Inserted::Stored { evicted }
    }

    /// Leaves the origin of a stale entry alone until then: the entry is served meanwhile.
    pub(crate) fn rest(&self, entry: &Arc<Entry>, until: Instant) {
        self.shelves().rest(entry, until);
    }

    pub(crate) fn purge(&self, items: &[Item]) -> Vec<Arc<Entry>> {
        let mut shelves = self.shelves();
        self.fence.purge(items);
        let mut purged = Vec::new();
        for item in items {
            for id in shelves.covered_by(item) {
                purged.extend(shelves.remove(id));
            }
        }
        purged
    }

    /// Number of objects and the bytes they take.
    pub(crate) fn size(&self) -> (usize, usize) {
        let shelves = self.shelves();
        (shelves.len(), shelves.bytes())
    }
}
