//! What is known to be committed and told, and what readers got.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::stack::{Answer, Written};
use crate::clock::lock;
use crate::edge::Reader;
use crate::tally::Level;
use crate::workload::Millis;

pub(super) struct Seen {
    items: Mutex<Vec<Item>>,
    pub(super) at_edge: Mutex<Level>,
    pub(super) at_api: Mutex<Level>,
    table_reads: AtomicU64,
    writes: AtomicU64,
}

#[derive(Debug, Clone, Default)]
struct Item {
    /// When each version was known to be committed.
    committed: BTreeMap<u64, Millis>,
    /// The highest version the cache was known to have been told of.
    told: u64,
}

impl Item {
    /// When the first version above this one was known.
    fn missed_at(&self, version: u64) -> Option<Millis> {
        self.committed.range(version + 1..).map(|(_, at)| *at).min()
    }
}

impl Seen {
    pub(super) fn new(items: usize) -> Self {
        Seen {
            items: Mutex::new(vec![Item::default(); items]),
            at_edge: Mutex::default(),
            at_api: Mutex::default(),
            table_reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
        }
    }

    /// A reader that begins now. Only the API is known to have been told.
    pub(super) fn reader(&self, item: usize, began: Millis, at_api: bool) -> Reader {
        let known = &lock(&self.items)[item];
        let newest = known.committed.last_key_value().map_or(0, |(version, _)| *version);
        Reader { item, began, newest, floor: if at_api { known.told } else { 0 } }
    }

    pub(super) fn got(&self, reader: Reader, at_edge: bool, answer: Option<Answer>) {
        let mut level = lock(if at_edge { &self.at_edge } else { &self.at_api });
        let Some(Answer { version, hit, loaded }) = answer else {
            level.failed();
            return;
        };
        self.table_reads.fetch_add(u64::from(loaded), Ordering::Relaxed);
        level.answered(reader, version, hit, || lock(&self.items)[reader.item].missed_at(version));
    }

    pub(super) fn wrote(&self, item: usize, written: Written, at: Millis) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let known = &mut lock(&self.items)[item];
        known.committed.entry(written.version).or_insert(at);
        if written.told {
            known.told = known.told.max(written.version);
        }
    }

    pub(super) fn table_reads(&self) -> u64 {
        self.table_reads.load(Ordering::Relaxed)
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(version: u64) -> Option<Answer> {
        Some(Answer { version, hit: true, loaded: false })
    }

    #[test]
    fn a_read_is_stale_by_the_first_write_it_missed_and_only_if_that_was_known_before() {
        let seen = Seen::new(1);
        let early = seen.reader(0, 5, false);
        seen.wrote(0, Written { version: 11, told: true }, 10);
        seen.wrote(0, Written { version: 12, told: false }, 20);
        seen.got(early, true, answer(10));
        seen.got(seen.reader(0, 50, false), true, answer(10));
        seen.got(seen.reader(0, 50, true), false, answer(11));
        seen.got(seen.reader(0, 50, true), false, answer(10));
        let [edge, api] = [&seen.at_edge, &seen.at_api].map(|level| lock(level).clone().report());
        assert_eq!((edge.reads, edge.stale, edge.age_max, edge.below_floor), (2, 1, 40, 0));
        assert_eq!((api.stale, api.age_p50, api.age_max, api.below_floor), (2, 30, 40, 1));
    }
}
