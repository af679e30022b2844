//! The stored entries and the indices over them. Not synchronised; see [`Store`](super::Store).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use http::HeaderMap;
use tokio::time::Instant;

use super::Entry;
use crate::invalidation::Item;
use crate::key::Key;

type Id = u64;

#[derive(Debug, Default)]
pub(super) struct Shelves {
    slots: HashMap<Id, Slot>,
    by_key: HashMap<Key, Vec<Id>>,
    by_target: BTreeMap<String, BTreeSet<Id>>,
    by_tag: HashMap<String, BTreeSet<Id>>,
    /// Least recently used first.
    by_use: BTreeMap<u64, Id>,
    next_id: Id,
    next_use: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Slot {
    entry: Arc<Entry>,
    used: u64,
    rest_until: Option<Instant>,
}

/// An entry and until when its origin, having failed, is left alone.
pub(crate) struct Found {
    pub(crate) entry: Arc<Entry>,
    pub(crate) rest_until: Option<Instant>,
}

impl Shelves {
    /// The newest entry that fits the request.
    pub(super) fn find(&self, key: &Key, request: &HeaderMap) -> Option<(Id, Found)> {
        let ids = self.by_key.get(key)?;
        let id = *ids
            .iter()
            .rev()
            .find(|id| self.slots.get(id).is_some_and(|slot| slot.entry.matches(request)))?;
        let slot = self.slots.get(&id)?;
        Some((id, Found { entry: slot.entry.clone(), rest_until: slot.rest_until }))
    }

    pub(super) fn touch(&mut self, id: Id) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        self.by_use.remove(&slot.used);
        slot.used = self.next_use;
        self.by_use.insert(self.next_use, id);
        self.next_use += 1;
    }

    pub(super) fn rest(&mut self, entry: &Arc<Entry>, until: Instant) {
        for id in self.by_key.get(&entry.key).into_iter().flatten() {
            if let Some(slot) = self.slots.get_mut(id)
                && Arc::ptr_eq(&slot.entry, entry)
            {
                slot.rest_until = Some(until);
            }
        }
    }

    /// Every entry under the key, whatever its `Vary`.
    pub(super) fn under(&self, key: &Key) -> impl Iterator<Item = &Arc<Entry>> {
        self.by_key.get(key).into_iter().flatten().filter_map(|id| self.slots.get(id)).map(|slot| &slot.entry)
    }

    /// Every entry of a path, whatever its query.
    pub(super) fn at_path<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Arc<Entry>> {
        self.by_target
            .range(path.to_owned()..)
            .take_while(move |(target, _)| target.starts_with(path))
            .filter(move |(target, _)| target.len() == path.len() || target.as_bytes()[path.len()] == b'?')
            .flat_map(|(_, ids)| ids.iter().filter_map(|id| self.slots.get(id)).map(|slot| &slot.entry))
    }

    pub(super) fn insert(&mut self, entry: Arc<Entry>) {
        // One that varies by other headers would answer requests the new one was meant for.
        let names = |entry: &Entry| entry.vary.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let new_names = names(&entry);
        let replaced: Vec<Id> = self
            .by_key
            .get(&entry.key)
            .into_iter()
            .flatten()
            .copied()
            .filter(|id| {
                let old = self.slots.get(id).map(|slot| &slot.entry);
                old.is_some_and(|old| old.vary == entry.vary || names(old) != new_names)
            })
            .collect();
        for id in replaced {
            self.remove(id);
        }
        let id = self.next_id;
        self.next_id += 1;
        self.by_key.entry(entry.key.clone()).or_default().push(id);
        self.by_target.entry(entry.key.target.clone()).or_default().insert(id);
        for tag in &entry.tags {
            self.by_tag.entry(tag.clone()).or_default().insert(id);
        }
        self.bytes += entry.bytes();
        self.slots.insert(id, Slot { entry, used: self.next_use, rest_until: None });
        self.by_use.insert(self.next_use, id);
        self.next_use += 1;
    }

    pub(super) fn evict_one(&mut self) -> Option<Arc<Entry>> {
        let id = self.by_use.first_key_value().map(|(_, id)| *id)?;
        self.remove(id)
    }

    pub(super) fn covered_by(&self, item: &Item) -> Vec<Id> {
        match item {
            Item::Path(path) => self.by_target.get(path).into_iter().flatten().copied().collect(),
            Item::Prefix(prefix) => self
                .by_target
                .range(prefix.clone()..)
                .take_while(|(target, _)| target.starts_with(prefix))
                .flat_map(|(_, ids)| ids.iter().copied())
                .collect(),
            Item::Tag(tag) => self.by_tag.get(tag).into_iter().flatten().copied().collect(),
        }
    }

    pub(super) fn remove(&mut self, id: Id) -> Option<Arc<Entry>> {
        let Slot { entry, used, .. } = self.slots.remove(&id)?;
        self.by_use.remove(&used);
        self.bytes = self.bytes.saturating_sub(entry.bytes());
        if let Some(ids) = self.by_key.get_mut(&entry.key) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_key.remove(&entry.key);
            }
        }
        if let Some(ids) = self.by_target.get_mut(&entry.key.target) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_target.remove(&entry.key.target);
            }
        }
        for tag in &entry.tags {
            if let Some(ids) = self.by_tag.get_mut(tag) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.by_tag.remove(tag);
                }
            }
        }
        Some(entry)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }
}
