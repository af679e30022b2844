//! A running mapping: finds the shards of the stream and runs each, children after their parents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Duration, sleep};

use super::super::MappedFunction;
use super::super::error::StartError;
use super::super::stop::{StopSignal, StopSwitch, stop_switch};
use super::progress::Progress;
use super::settings::{StartingPosition, StreamSettings};
use super::shard::{self, ShardState};
use super::source::{Position, RecordSource, Shard, ShardReader, SourceError};
use crate::clock::WallClock;
use crate::pattern::FilterCriteria;
use crate::sqs::Queues;

/// How often the mapping looks for new shards; it also looks when one has ended.
const DISCOVERY_INTERVAL: Duration = Duration::from_secs(10);

/// What a stream mapping is made of.
#[derive(Clone)]
pub struct StreamMappingParts {
    /// The stream.
    pub source: Arc<dyn RecordSource>,
    /// The function.
    pub function: MappedFunction,
    /// The settings.
    pub settings: StreamSettings,
    /// `FilterCriteria`, applied to [`Record::event`](super::Record::event).
    pub filter: FilterCriteria,
    /// Where the failure destination is found.
    pub queues: Arc<Queues>,
    /// What a record's age is measured against.
    pub clock: WallClock,
}

impl fmt::Debug for StreamMappingParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamMappingParts").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A running stream mapping. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct StreamMapping {
    switch: StopSwitch,
    progress: watch::Receiver<Progress>,
    task: JoinHandle<BTreeMap<String, String>>,
}

pub(super) struct Context {
    pub source: Arc<dyn RecordSource>,
    pub function: MappedFunction,
    pub settings: StreamSettings,
    pub filter: FilterCriteria,
    pub queues: Arc<Queues>,
    pub clock: WallClock,
    pub progress: watch::Sender<Progress>,
    pub stop: StopSignal,
}

impl StreamMapping {
    /// Starts a mapping on the current tokio runtime.
    ///
    /// When this returns, the shards the stream has now are open: with `LATEST`, what is written from here on is seen.
    ///
    /// # Errors
    /// [`StartError`] when a setting is out of range, the failure destination does not exist, or the shards cannot be
    /// listed or opened. Later failures are logged and tried again.
    pub async fn start(parts: StreamMappingParts) -> Result<Self, StartError> {
        let StreamMappingParts { source, function, settings, filter, queues, clock } = parts;
        settings.validate()?;
        if let Some(destination) = &settings.on_failure {
            queues.arn_of(destination)?;
        }
        let (switch, stop) = stop_switch();
        let progress = watch::Sender::new(Progress::default());
        let receiver = progress.subscribe();
        let context = Arc::new(Context { source, function, settings, filter, queues, clock, progress, stop });
        let mut shards = Shards::new(context);
        shards.find(true).await?;
        Ok(Self { switch, progress: receiver, task: tokio::spawn(shards.run()) })
    }

    /// How far the mapping is; every change can be awaited.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Stops reading, lets invocations under way end, and answers per shard the sequence number up to which everything
    /// is done: what comes after it is still in the stream. Shards of which nothing is done are left out.
    pub async fn stop(self) -> BTreeMap<String, String> {
        self.switch.stop();
        self.task.await.unwrap_or_default()
    }
}

/// The shards that were found, by how far they are.
struct Shards {
    context: Arc<Context>,
    started: BTreeMap<String, Arc<ShardState>>,
    ended: BTreeSet<String>,
    running: JoinSet<String>,
}

impl Shards {
    fn new(context: Arc<Context>) -> Self {
        Self { context, started: BTreeMap::new(), ended: BTreeSet::new(), running: JoinSet::new() }
    }

    async fn run(mut self) -> BTreeMap<String, String> {
        let stop = self.context.stop.clone();
        while !stop.is_requested() {
            tokio::select! {
                Some(ended) = self.running.join_next() => self.ended.extend(ended.ok()),
                () = sleep(DISCOVERY_INTERVAL) => {}
                () = stop.requested() => break,
            }
            if let Err(error) = self.find(false).await {
                tracing::warn!(%error, "the shards could not be listed");
            }
        }
        while self.running.join_next().await.is_some() {}
        let reached = |(id, state): (String, Arc<ShardState>)| {
            let reached = state.checkpoint().reached().map(str::to_owned);
            reached.map(|sequence_number| (id, sequence_number))
        };
        self.started.into_iter().filter_map(reached).collect()
    }

    /// Starts every shard that is new and whose parent is done. The starting position counts at the `first` look; a shard
    /// that appears later is read from its beginning.
    async fn find(&mut self, first: bool) -> Result<(), SourceError> {
        let listed = self.context.source.shards().await?;
        let at_latest = first && self.context.settings.starting_position == StartingPosition::Latest;
        let position = if at_latest { Position::Latest } else { Position::TrimHorizon };
        for shard in &listed {
            let waits = !at_latest && self.waits_for_parent(shard, &listed);
            if !waits && !self.started.contains_key(&shard.id) {
                let reader = self.context.source.open(&shard.id, &position).await?;
                self.start(&shard.id, reader);
            }
        }
        Ok(())
    }

    fn waits_for_parent(&self, shard: &Shard, listed: &[Shard]) -> bool {
        let Some(parent) = &shard.parent else { return false };
        listed.iter().any(|other| other.id == *parent) && !self.ended.contains(parent)
    }

    fn start(&mut self, id: &str, reader: Box<dyn ShardReader>) {
        let state = Arc::new(ShardState::new(id.to_owned()));
        self.started.insert(id.to_owned(), state.clone());
        let work = shard::run(self.context.clone(), state, reader);
        let id = id.to_owned();
        self.running.spawn(async move {
            work.await;
            id
        });
    }
}
