//! How long after a write the cache and the edge know of it, in the local stack.
//!
//! Writes go to one product after the other, in turn straight to the table (as a program would that knows nothing of the
//! cache) and through the write API. All times begin when the write's first byte is sent and are taken on one clock:
//!
//! - **answered**: when the writer has its answer;
//! - **read from the stream**: when the event source mapping has the record, which asks every 250 ms. It says so itself, in whole
//!   milliseconds;
//! - **floor**: when a reader of Valkey gets the new floor (see [`Floors`]);
//! - **gone from the edge**: when the edge has thrown out the answer it held, which it says itself. The messages of a second are
//!   gathered for one invocation; that time begins with the first of them, and is taken off where it says so.
//!
//! - `doors`: where writes are sent, and what became of them is asked
//! - `table`: what is said of them

mod doors;
mod table;

use std::thread;
use std::time::Duration;

use crate::clock::unix_us;
use crate::floors::Floors;
use crate::machine::every_core;
use crate::report::Table;
use crate::stack::{Parts, Stack, products};
use doors::Doors;

/// Writes in one stack.
const WRITES: usize = 200;
/// The mean time between two of them. Where in its interval a write comes, turns evenly, so that the poll is met everywhere.
const PACE: Duration = Duration::from_millis(150);
/// Between two looks at what is due.
const PAUSE: Duration = Duration::from_millis(1);
/// How long a change may take to the edge before it is given up.
const PATIENCE_US: u64 = 15_000_000;
/// After so long a change is expected to be at the edge, and is asked for.
const EXPECTED_US: u64 = 2_500_000;

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// A program that knows only the table.
    Direct,
    /// The write API.
    Api,
}

/// A write and what became of it; times in microseconds since the epoch.
#[derive(Debug, Clone)]
struct Write {
    writer: Writer,
    id: String,
    version: u64,
    sent: u64,
    answered: u64,
    way: Option<Way>,
}

/// A change's way to the edge, in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    streamed: u64,
    queued: u64,
    purged: u64,
    /// The invocation that purged it.
    purge: String,
}

/// Writes in one stack after the other, `times` of them: in a stack that has purged much, a purge reaches whole categories.
pub async fn measure(parts: &Parts, times: usize) -> Result<Table, String> {
    let _cores = every_core()?;
    let (mut writes, mut seen, mut behind) = (Vec::new(), Vec::new(), 0);
    for _ in 0..times {
        let stack = Stack::start(parts).await?;
        let floors = Floors::watch(&stack.endpoints.cache)?;
        let (written, old) = write_all(&mut Doors::of(&stack.endpoints))?;
        seen.extend(floors.end()?);
        stack.stop().await;
        writes.extend(written);
        behind += old;
    }
    table::table(&writes, &seen, behind)
}

/// The writes of one stack, and after how many of them the edge still answered with an older version.
fn write_all(doors: &mut Doors) -> Result<(Vec<Write>, usize), String> {
    let products = products();
    let (mut writes, mut settled, mut behind): (Vec<Write>, usize, usize) = (Vec::new(), 0, 0);
    let began = unix_us();
    while settled < WRITES {
        // Decides when a write is sent and when its way is asked for, never what is measured.
        thread::sleep(PAUSE);
        let turn = writes.len();
        if turn < WRITES && unix_us() >= began + arrival(turn) {
            let writer = if turn % 2 == 0 { Writer::Direct } else { Writer::Api };
            writes.push(doors.write(&products[turn % products.len()], writer, turn)?);
        }
        let Some(write) = writes.get_mut(settled) else { continue };
        let age = unix_us().saturating_sub(write.sent);
        if age > EXPECTED_US {
            write.way = doors.way(write)?;
            if write.way.is_some() || age > PATIENCE_US {
                behind += usize::from(doors.at_edge(&write.id)? < write.version);
                settled += 1;
            }
        }
    }
    Ok((writes, behind))
}

/// When a write is due, in microseconds from the beginning.
fn arrival(turn: usize) -> u64 {
    // The golden ratio spreads any number of points evenly.
    let within = (turn as f64 * 0.618_033_988_749_895).fract();
    ((turn as f64 + within) * PACE.as_micros() as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_meet_the_poll_everywhere() {
        let mut phases: Vec<_> = (0..50).map(|turn| arrival(turn) % 250_000).collect();
        phases.sort_unstable();
        let widest = phases.windows(2).map(|two| two[1] - two[0]).max().unwrap();
        assert!(widest < 30_000, "{phases:?}");
        assert!((1..200).all(|turn| arrival(turn) > arrival(turn - 1)));
    }
}
