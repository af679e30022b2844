//! What happens from outside, in order: the same for every strategy.

use fastrand::Rng;

use crate::faults::Faults;
use crate::workload::{Millis, Popularity, Workload};

/// Something that happens whatever the strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody reads an item.
    Read {
        /// Which one.
        item: usize,
        /// Through which location of the edge; `None`: at the API itself.
        location: Option<usize>,
        /// The API process that answers, if the edge does not.
        process: usize,
    },
    /// Somebody writes an item.
    Write {
        /// Which one.
        item: usize,
        /// Through which process of the API; `None`: straight into the table.
        process: Option<usize>,
        /// What becomes of its event in the stream.
        delivery: Delivery,
    },
    /// The cache restarts empty.
    Restart,
}

/// How often the stream's event of a write reaches its consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Once.
    Once,
    /// Never.
    Lost,
    /// Twice, the second time so much later.
    Twice(Millis),
}

/// The history of a workload: an iterator that remembers a digest of what it gave out.
#[derive(Debug)]
pub struct History {
    workload: Workload,
    faults: Faults,
    /// One for reads and one for the rest: another rate of writes leaves the reads as they are.
    reads: Rng,
    rest: Rng,
    read: Popularity,
    write: Popularity,
    next_read: f64,
    next_write: f64,
    next_restart: f64,
    digest: u64,
}

impl History {
    /// The history that a workload's seed decides.
    pub fn of(workload: &Workload, faults: &Faults) -> History {
        let mut history = History {
            reads: Rng::with_seed(workload.seed),
            rest: Rng::with_seed(!workload.seed),
            read: Popularity::of(&workload.read_shares()),
            write: Popularity::of(&workload.write_shares()),
            next_read: 0.0,
            next_write: 0.0,
            next_restart: 0.0,
            digest: 0xcbf2_9ce4_8422_2325,
            workload: workload.clone(),
            faults: faults.clone(),
        };
        history.next_read = pause(&mut history.reads, workload.reads_per_second);
        history.next_write = pause(&mut history.rest, workload.writes_per_second);
        history.next_restart = pause(&mut history.rest, faults.cache_restarts / 3_600.0);
        history
    }

    /// A digest of everything given out so far: equal histories have equal ones.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    fn read(&mut self) -> Event {
        let item = self.read.draw(&mut self.reads);
        let at_edge = self.reads.f64() >= self.workload.direct_reads && self.workload.locations > 0;
        let location = at_edge.then(|| self.reads.usize(..self.workload.locations));
        Event::Read { item, location, process: self.reads.usize(..self.workload.processes) }
    }

    fn write(&mut self) -> Event {
        let item = self.write.draw(&mut self.rest);
        let through_api = self.rest.f64() >= self.workload.direct_writes;
        let process = through_api.then(|| self.rest.usize(..self.workload.processes));
        let (lost, doubled) = (self.rest.f64(), self.rest.f64());
        let later = self.rest.u64(500..=30_000);
        let delivery = if lost < self.faults.lost_events {
            Delivery::Lost
        } else if doubled < self.faults.doubled_events {
            Delivery::Twice(later)
        } else {
            Delivery::Once
        };
        Event::Write { item, process, delivery }
    }

    fn mix(&mut self, at: Millis, event: &Event) {
        let number = |place: Option<usize>| place.map_or(0, |place| place as u64 + 1);
        let words = match *event {
            Event::Read { item, location, process } => [1, item as u64, number(location), process as u64],
            Event::Write { item, process, delivery } => {
                let delivered = match delivery {
                    Delivery::Once => 0,
                    Delivery::Lost => 1,
                    Delivery::Twice(later) => later,
                };
                [2, item as u64, number(process), delivered]
            }
            Event::Restart => [3, 0, 0, 0],
        };
        for word in words.into_iter().chain([at]) {
            self.digest = (self.digest ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        }
    }
}

impl Iterator for History {
    type Item = (Millis, Event);

    fn next(&mut self) -> Option<(Millis, Event)> {
        let at = self.next_read.min(self.next_write).min(self.next_restart);
        if at >= self.workload.span() as f64 {
            return None;
        }
        let event = if at == self.next_read {
            self.next_read += pause(&mut self.reads, self.workload.reads_per_second);
            self.read()
        } else if at == self.next_write {
            self.next_write += pause(&mut self.rest, self.workload.writes_per_second);
            self.write()
        } else {
            self.next_restart += pause(&mut self.rest, self.faults.cache_restarts / 3_600.0);
            Event::Restart
        };
        let at = at as Millis;
        self.mix(at, &event);
        Some((at, event))
    }
}

/// Milliseconds until the next one of so many a second.
fn pause(rng: &mut Rng, per_second: f64) -> f64 {
    -(1.0 - rng.f64()).max(f64::MIN_POSITIVE).ln() * 1_000.0 / per_second
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(workload: &Workload) -> (Vec<(Millis, Event)>, u64) {
        let mut history = History::of(workload, &Faults::all());
        let events = history.by_ref().collect();
        (events, history.digest())
    }

    #[test]
    fn a_seed_decides_the_history_and_another_seed_another_one() {
        let workload = Workload { hours: 0.2, writes_per_second: 1.0, ..Workload::default() };
        assert_eq!(told(&workload), told(&workload));
        assert_ne!(told(&workload).1, told(&Workload { seed: 2, ..workload }).1);
    }

    #[test]
    fn events_come_in_order_and_as_often_as_the_workload_says() {
        let workload = Workload { hours: 1.0, writes_per_second: 2.0, ..Workload::default() };
        let (events, _) = told(&workload);
        assert!(events.is_sorted_by_key(|(at, _)| *at));
        let reads = events.iter().filter(|(_, event)| matches!(event, Event::Read { .. })).count();
        let direct =
            events.iter().filter(|(_, event)| matches!(event, Event::Read { location: None, .. })).count();
        let writes = events.iter().filter(|(_, event)| matches!(event, Event::Write { .. })).count();
        assert!((355_000..365_000).contains(&reads), "{reads}");
        assert!((70_000..74_000).contains(&direct), "{direct}");
        assert!((6_900..7_500).contains(&writes), "{writes}");
    }
}
