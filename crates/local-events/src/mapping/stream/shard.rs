//! Reads one shard, passes over what the filter leaves out, and deals the rest to lanes by item.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::checkpoint::Checkpoint;
use super::lane::Lane;
use super::mapping::Context;
use super::source::{Page, Position, Record, ShardReader, SourceError};

/// Records one read asks for (the most DynamoDB's `GetRecords` gives).
const READ_LIMIT: usize = 1_000;

/// Reading pauses when this many records wait for the function.
const READ_AHEAD: u64 = 10_000;

/// A record on its way to the function.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Its number in the shard's checkpoint.
    pub number: u64,
    pub sequence_number: String,
    /// The record as it goes into the event.
    pub json: String,
    pub created_ms: u64,
}

/// What the reader and the lanes of a shard share.
#[derive(Debug)]
pub(super) struct ShardState {
    pub id: String,
    checkpoint: Mutex<Checkpoint>,
}

impl ShardState {
    pub fn new(id: String) -> Self {
        Self { id, checkpoint: Mutex::default() }
    }

    pub fn checkpoint(&self) -> MutexGuard<'_, Checkpoint> {
        self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads until the shard ends or the mapping stops, and returns when every lane has finished.
pub(super) async fn run(context: Arc<Context>, shard: Arc<ShardState>, reader: Box<dyn ShardReader>) {
    let mut lanes = JoinSet::new();
    let mut senders = Vec::new();
    for _ in 0..context.settings.parallelization_factor.max(1) {
        let (sender, receiver) = mpsc::unbounded_channel();
        lanes.spawn(Lane::new(context.clone(), shard.clone(), receiver).run());
        senders.push(sender);
    }
    tokio::select! {
        () = read_all(&context, &shard, reader, &senders) => {}
        () = context.stop.requested() => {}
    }
    drop(senders);
    while lanes.join_next().await.is_some() {}
}

async fn read_all(
    context: &Context,
    shard: &ShardState,
    mut reader: Box<dyn ShardReader>,
    lanes: &[mpsc::UnboundedSender<Vec<Entry>>],
) {
    let mut last_read = None;
    loop {
        wait_for_room(context).await;
        match reader.next(READ_LIMIT).await {
            Ok(Page { records, end }) => {
                if let Some(last) = records.last() {
                    last_read = Some(Position::After(last.sequence_number.clone()));
                }
                let found = !records.is_empty();
                deal(context, shard, records, lanes);
                if end {
                    return;
                }
                if !found {
                    tokio::select! {
                        () = sleep(context.settings.poll_interval) => {}
                        () = reader.changed() => {}
                    }
                }
            }
            Err(error) => match &last_read {
                Some(position) => reader = reopen(context, &shard.id, position, error).await,
                // Opening anew at the starting position could skip what came in the meantime.
                None => {
                    tracing::warn!(shard_id = shard.id, %error, "reading again");
                    sleep(context.settings.poll_interval).await;
                }
            },
        }
    }
}

async fn wait_for_room(context: &Context) {
    // The sender lives in the context, so waiting cannot fail.
    let _ = context.progress.subscribe().wait_for(|progress| progress.outstanding() < READ_AHEAD).await;
}

async fn reopen(
    context: &Context,
    shard_id: &str,
    position: &Position,
    mut error: SourceError,
) -> Box<dyn ShardReader> {
    let mut failures = 0;
    loop {
        failures += 1;
        tracing::warn!(shard_id, %error, "reading again from the last known place");
        sleep(context.settings.backoff.after(failures)).await;
        match context.source.open(shard_id, position).await {
            Ok(reader) => return reader,
            Err(again) => error = again,
        }
    }
}

/// Records of one item always go to the same lane.
fn deal(
    context: &Context,
    shard: &ShardState,
    records: Vec<Record>,
    lanes: &[mpsc::UnboundedSender<Vec<Entry>>],
) {
    let read = records.len() as u64;
    let mut filtered = 0;
    let mut hands = vec![Vec::new(); lanes.len()];
    for record in records {
        let number = shard.checkpoint().opened(&record.sequence_number);
        if context.filter.matches(&record.event) {
            let entry = Entry {
                number,
                json: record.event.to_string(),
                sequence_number: record.sequence_number,
                created_ms: record.created_ms,
            };
            hands[lane_of(&record.item_key, lanes.len())].push(entry);
        } else {
            shard.checkpoint().done(number);
            filtered += 1;
        }
    }
    context.progress.send_modify(|progress| {
        progress.read += read;
        progress.filtered += filtered;
    });
    for (lane, hand) in lanes.iter().zip(hands) {
        if !hand.is_empty() {
            // A lane only ends before its sender when the mapping stops.
            let _ = lane.send(hand);
        }
    }
}

fn lane_of(item_key: &str, lanes: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    item_key.hash(&mut hasher);
    usize::try_from(hasher.finish() % lanes as u64).unwrap_or(0)
}
