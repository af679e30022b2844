//! Bodies kept in the process, so that a large one need not travel again, or a hot one not be asked for.
//!
//! An entry is what the store served or accepted, with the head that came with it. It answers in one of two ways:
//!
//! - *validated*: only if the head read in this very request has the same token, kind, version and hash. A missing,
//!   short or other head is a miss, so the guarantee is that of the store.
//! - *timed*: without a round trip, for a given time after the request that brought it **began**. Within that time the
//!   process may not yet know of an invalidation; the bound counts from before the store was asked, by the wall clock,
//!   because the monotonic clock of a frozen process may stand still.
//!
//! Requests of one process run concurrently, so what a slow one brings may be older than what another has learned
//! meanwhile: **its own fills are fenced**. Each look takes a [`Ticket`]; what it brings is refused if something else was
//! learned of the key, or anything forgotten, since. A plain in-process cache keeps such a value until its TTL.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use lru::LruCache;

use crate::clock::UnixMillis;
use crate::key::Key;
use crate::record::{HEAD_LEN, Head};

/// What one entry takes beside its body, generously.
const ENTRY_BYTES: usize = 256 + 2 * HEAD_LEN;

/// The process's own copies, bounded in bytes; the least recently used go first.
pub(crate) struct Local {
    budget: usize,
    state: Mutex<State>,
}

struct State {
    entries: LruCache<Key, Entry>,
    bytes: usize,
    /// Counts what was learned.
    now: u64,
    /// When something was last forgotten: what was read before may be what was forgotten.
    forgotten: u64,
}

/// A copy, and the head it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) head: Head,
    pub(crate) body: Bytes,
    as_of: UnixMillis,
    learned: u64,
}

/// What had been learned when a look began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

impl Entry {
    /// Whether a head read just now is that of this body.
    pub(crate) fn vouched_by(&self, head: &Head) -> bool {
        let mine = &self.head;
        (head.token, head.kind, head.version, head.body_hash)
            == (mine.token, mine.kind, mine.version, mine.body_hash)
    }

    /// Whether what this entry knows is at least as new as what another head says of the same life.
    fn overtakes(&self, other: &Entry) -> bool {
        self.head.token == other.head.token
            && self.head.version >= other.head.version
            && self.head.floor >= other.head.floor
    }

    fn size(&self) -> usize {
        self.body.len() + ENTRY_BYTES
    }
}

impl Local {
    /// Nothing yet, and never more than `budget` bytes.
    pub(crate) fn new(budget: usize) -> Self {
        let state = State { entries: LruCache::unbounded(), bytes: 0, now: 0, forgotten: 0 };
        Local { budget, state: Mutex::new(state) }
    }

    /// To be taken before the store is asked.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(self.lock().now)
    }

    /// The copy of a key, to be compared with a head.
    pub(crate) fn get(&self, key: &Key) -> Option<Entry> {
        self.lock().entries.get(key).cloned()
    }

    /// The copy of a key if what brought it began less than `limit` ago.
    pub(crate) fn fresh(&self, key: &Key, now: UnixMillis, limit: Duration) -> Option<Entry> {
        if limit.is_zero() {
            return None;
        }
        // A clock that went backwards makes it old, not young.
        let young = |entry: &Entry| {
            now.checked_sub(entry.as_of).is_some_and(|age| u128::from(age) < limit.as_millis())
        };
        self.get(key).filter(young)
    }

    /// Keeps what a look brought that began with `ticket` at `as_of`.
    pub(crate) fn learn(&self, key: &Key, ticket: Ticket, as_of: UnixMillis, head: &Head, body: &Bytes) {
        let mut state = self.lock();
        state.now += 1;
        let mut entry = Entry { head: head.clone(), body: body.clone(), as_of, learned: state.now };
        if entry.size() > self.budget || ticket.0 < state.forgotten {
            return;
        }
        match state.entries.peek(key) {
            Some(other) if other.vouched_by(head) && other.head.floor >= head.floor => {
                entry.as_of = as_of.max(other.as_of);
                entry.head.floor = other.head.floor;
            }
            Some(other) if other.learned > ticket.0 && !entry.overtakes(other) => {
                // Nobody can tell which of the two is newer.
                state.forget(key);
                return;
            }
            _ => {}
        }
        state.put(key, entry);
        while state.bytes > self.budget {
            state.evict();
        }
    }

    /// The store has something else, or this process has changed it.
    pub(crate) fn forget(&self, key: &Key) {
        if self.budget > 0 {
            self.lock().forget(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, key: &Key, entry: Entry) {
        self.bytes += entry.size();
        if let Some(old) = self.entries.put(key.clone(), entry) {
            self.bytes -= old.size();
        }
    }

    fn forget(&mut self, key: &Key) {
        self.now += 1;
        self.forgotten = self.now;
        if let Some(old) = self.entries.pop(key) {
            self.bytes -= old.size();
        }
    }

    fn evict(&mut self) {
        if let Some((_, old)) = self.entries.pop_lru() {
            self.bytes -= old.size();
            self.forgotten = self.forgotten.max(old.learned);
        }
    }
}

#[cfg(test)]
mod tests;
