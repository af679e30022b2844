//! The edge: at each location a cache of its own, with `s-maxage`, `stale-while-revalidate`, collapsing and purges.
//!
//! As CloudFront does it: readers of one item at one location share one request to the origin; an answer that was under way
//! when a purge came into effect is stored nevertheless.

use cache::Storable;

use crate::times::Times;
use crate::workload::Millis;

/// A reader, and what was true when it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader {
    pub(crate) item: usize,
    pub(crate) began: Millis,
    /// The newest version in the table.
    pub(crate) newest: u64,
    /// The highest version the level it asks had been told of.
    pub(crate) floor: u64,
}

/// What a reader meets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// An answer at once; `refresh`: somebody must fetch a new one.
    Answer { version: u64, refresh: bool },
    /// Nothing: it waits; `fetch`: somebody must fetch.
    Nothing { fetch: bool },
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    version: u64,
    fresh_until: Millis,
    usable_until: Millis,
}

#[derive(Debug, Default)]
struct Slot {
    entry: Option<Entry>,
    floor: u64,
    fetching: bool,
    waiting: Vec<Reader>,
}

/// All locations.
#[derive(Debug)]
pub(crate) struct Edge {
    locations: Vec<Vec<Slot>>,
    fresh: Millis,
    grace: Millis,
}

impl Edge {
    pub(crate) fn new(locations: usize, items: usize, times: &Times) -> Self {
        let location = || (0..items).map(|_| Slot::default()).collect();
        let locations = (0..locations).map(|_| location()).collect();
        Edge { locations, fresh: times.edge_fresh, grace: times.edge_grace }
    }

    pub(crate) fn locations(&self) -> usize {
        self.locations.len()
    }

    /// The highest version that a purge in effect at this location was for.
    pub(crate) fn floor(&self, location: usize, item: usize) -> u64 {
        self.locations[location][item].floor
    }

    pub(crate) fn meet(&mut self, location: usize, reader: Reader) -> Met {
        let slot = &mut self.locations[location][reader.item];
        match slot.entry.filter(|entry| reader.began < entry.usable_until) {
            Some(entry) => {
                let refresh = reader.began >= entry.fresh_until && !slot.fetching;
                slot.fetching |= refresh;
                Met::Answer { version: entry.version, refresh }
            }
            None => {
                let fetch = !slot.fetching;
                slot.fetching = true;
                slot.waiting.push(reader);
                Met::Nothing { fetch }
            }
        }
    }

    /// An answer of the origin has come; returns who waited for it. Without an answer they get none either.
    pub(crate) fn arrived(
        &mut self,
        (location, item): (usize, usize),
        answer: Option<(u64, Storable)>,
        now: Millis,
    ) -> Vec<Reader> {
        let slot = &mut self.locations[location][item];
        slot.fetching = false;
        let entry = |version, fresh, grace| Entry {
            version,
            fresh_until: now + fresh,
            usable_until: now + fresh + grace,
        };
        match answer {
            Some((version, Storable::Yes)) => slot.entry = Some(entry(version, self.fresh, self.grace)),
            Some((version, Storable::Briefly)) => {
                slot.entry = Some(entry(version, self.fresh.min(1_000), 0));
            }
            Some((_, Storable::No)) | None => {}
        }
        std::mem::take(&mut slot.waiting)
    }

    /// A purge comes into effect at a location. `version`: what it was for, if it was for one item.
    pub(crate) fn purge(&mut self, location: usize, item: usize, version: Option<u64>) {
        let slot = &mut self.locations[location][item];
        slot.entry = None;
        slot.floor = slot.floor.max(version.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge() -> Edge {
        Edge::new(1, 1, &Times::default())
    }

    fn reader(began: Millis) -> Reader {
        Reader { item: 0, began, newest: 1, floor: 0 }
    }

    #[test]
    fn an_answer_lives_for_its_time_then_while_it_is_refreshed_and_then_no_more() {
        let mut edge = edge();
        assert_eq!(edge.meet(0, reader(0)), Met::Nothing { fetch: true });
        assert_eq!(edge.meet(0, reader(5)), Met::Nothing { fetch: false }, "one request for both");
        assert_eq!(edge.arrived((0, 0), Some((1, Storable::Yes)), 10).len(), 2);
        assert_eq!(edge.meet(0, reader(60_009)), Met::Answer { version: 1, refresh: false });
        assert_eq!(edge.meet(0, reader(60_010)), Met::Answer { version: 1, refresh: true });
        assert_eq!(edge.meet(0, reader(60_011)), Met::Answer { version: 1, refresh: false }, "one refresh");
        assert_eq!(edge.meet(0, reader(90_010)), Met::Nothing { fetch: false });
    }

    #[test]
    fn what_may_not_be_kept_is_not_and_what_may_be_briefly_is_for_a_second() {
        let mut edge = edge();
        for (storable, later, kept) in
            [(Storable::No, 1, false), (Storable::Briefly, 999, true), (Storable::Briefly, 1_000, false)]
        {
            edge.purge(0, 0, None);
            edge.meet(0, reader(0));
            edge.arrived((0, 0), Some((1, storable)), 0);
            assert_eq!(matches!(edge.meet(0, reader(later)), Met::Answer { .. }), kept);
            edge.arrived((0, 0), None, later);
        }
    }

    #[test]
    fn an_answer_under_way_survives_a_purge_and_one_that_is_stored_does_not() {
        let mut edge = edge();
        edge.meet(0, reader(0));
        edge.purge(0, 0, Some(2));
        edge.arrived((0, 0), Some((1, Storable::Yes)), 20);
        assert_eq!(edge.meet(0, reader(30)), Met::Answer { version: 1, refresh: false });
        assert_eq!(edge.floor(0, 0), 2, "so this answer is below what the edge was told");
        edge.purge(0, 0, Some(2));
        assert_eq!(edge.meet(0, reader(40)), Met::Nothing { fetch: true });
    }
}
