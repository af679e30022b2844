//! Real time: the same history against a stack that is running, to confirm what virtual time shows.
//!
//! What is committed is known from the answers to writes, so a write counts from the moment its writer knew of it: a read that
//! began before that and missed it is not called stale. What is told to the cache is known where the write's own answer says
//! that it was.
//!
//! | file | what |
//! |---|---|
//! | `stack` | requests to edge, API and table |
//! | `seen` | what was committed, and what readers got |

mod seen;
mod stack;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

pub use stack::{Endpoints, StackError};

use crate::clock::lock;
use crate::faults::Faults;
use crate::history::{Event, History};
use crate::tally::{Level, LevelReport};
use crate::workload::{Millis, Workload};
use seen::Seen;
use stack::Stack;

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Real {
    /// What readers at the edge got.
    pub edge: LevelReport,
    /// What readers at the API got: those that go there themselves.
    pub api: LevelReport,
    /// Writes that were acknowledged.
    pub writes: u64,
    /// Loads from the table that an answer tells of.
    pub table_reads: u64,
    /// How many reads the table was spared, in percent.
    pub saved_percent: f64,
}

/// Plays a workload's history against a stack, one product for each item.
pub async fn play(endpoints: &Endpoints, workload: &Workload) -> Result<Real, StackError> {
    let stack = Arc::new(Stack::of(endpoints.clone())?);
    let mut ids = stack.ids().await?;
    ids.truncate(workload.items);
    let workload = Workload { items: ids.len(), ..workload.clone() };
    let seen = Arc::new(Seen::new(ids.len()));
    let (ids, began) = (Arc::new(ids), Instant::now());
    let mut requests = JoinSet::new();
    for (at, event) in History::of(&workload, &Faults::default()) {
        sleep_until(began + Duration::from_millis(at)).await;
        let (stack, seen, ids) = (stack.clone(), seen.clone(), ids.clone());
        requests.spawn(async move { one(&stack, &seen, &ids, event, began).await });
        while requests.try_join_next().is_some() {}
    }
    requests.join_all().await;
    Ok(report(&seen))
}

async fn one(stack: &Stack, seen: &Seen, ids: &[String], event: Event, began: Instant) {
    let now = || u64::try_from(began.elapsed().as_millis()).unwrap_or(Millis::MAX);
    match event {
        Event::Read { item, location, .. } => {
            let reader = seen.reader(item, now(), location.is_none());
            let answer = stack.read(&ids[item], location.is_some()).await;
            seen.got(reader, location.is_some(), answer.ok());
        }
        Event::Write { item, process, .. } => {
            let price = now() % 100_000 + 1;
            let written = match process {
                Some(_) => stack.patch(&ids[item], price).await,
                None => stack.update(&ids[item], price).await,
            };
            match written {
                Ok(written) => seen.wrote(item, written, now()),
                Err(error) => eprintln!("a write failed: {error}"),
            }
        }
        Event::Restart => {}
    }
}

fn report(seen: &Seen) -> Real {
    let take = |level: &Mutex<Level>| std::mem::take(&mut *lock(level)).report();
    let (edge, api) = (take(&seen.at_edge), take(&seen.at_api));
    let (table_reads, reads) = (seen.table_reads(), (edge.reads + api.reads).max(1));
    let saved_percent = 100.0 * (1.0 - table_reads as f64 / reads as f64);
    Real { edge, api, writes: seen.writes(), table_reads, saved_percent }
}
