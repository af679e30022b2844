//! A running mapping: takes a batch whenever there is room for another one in work.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::super::MappedFunction;
use super::super::error::StartError;
use super::super::stop::{StopSignal, StopSwitch, stop_switch};
use super::batch;
use super::gather::Gatherer;
use super::settings::QueueSettings;
use crate::pattern::FilterCriteria;
use crate::sqs::Queues;

/// What a queue mapping is made of.
#[derive(Debug, Clone)]
pub struct QueueMappingParts {
    /// Where the queue is found.
    pub queues: Arc<Queues>,
    /// The queue's name, URL or ARN.
    pub queue: String,
    /// The function.
    pub function: MappedFunction,
    /// The settings.
    pub settings: QueueSettings,
    /// `FilterCriteria`, applied to the message's record with a JSON `body` parsed; what does not pass is deleted.
    pub filter: FilterCriteria,
}

/// Counts since the mapping started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueProgress {
    /// Messages received, each time anew.
    pub received: u64,
    /// Messages no filter pattern matched; they are deleted.
    pub filtered: u64,
    /// Messages the function has taken; they are deleted.
    pub succeeded: u64,
    /// Messages the function has not taken; they come back after the visibility time-out.
    pub returned: u64,
    /// Invocations that ended, throttled ones not included.
    pub invocations: u64,
    /// Those of them that failed, in whole or in part.
    pub failed_invocations: u64,
    /// Invocations refused because every environment was busy.
    pub throttles: u64,
}

/// A running queue mapping. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct QueueMapping {
    switch: StopSwitch,
    progress: watch::Receiver<QueueProgress>,
    task: JoinHandle<()>,
}

pub(super) struct Context {
    pub queues: Arc<Queues>,
    /// The queue's ARN.
    pub queue: String,
    pub function: MappedFunction,
    pub settings: QueueSettings,
    pub filter: FilterCriteria,
    pub progress: watch::Sender<QueueProgress>,
    pub stop: StopSignal,
}

impl Context {
    pub fn delete(&self, receipt_handle: &str) {
        if let Err(error) = self.queues.delete(&self.queue, receipt_handle) {
            tracing::warn!(queue = self.queue, %error, "a message could not be deleted");
        }
    }
}

impl QueueMapping {
    /// Starts a mapping on the current tokio runtime.
    ///
    /// # Errors
    /// [`StartError`] when a setting is out of range or the queue does not exist.
    pub fn start(parts: QueueMappingParts) -> Result<Self, StartError> {
        let QueueMappingParts { queues, queue, function, settings, filter } = parts;
        settings.validate()?;
        let queue = queues.arn_of(&queue)?;
        let (switch, stop) = stop_switch();
        let progress = watch::Sender::new(QueueProgress::default());
        let receiver = progress.subscribe();
        let context = Arc::new(Context { queues, queue, function, settings, filter, progress, stop });
        Ok(Self { switch, progress: receiver, task: tokio::spawn(run(context)) })
    }

    /// How far the mapping is; every change can be awaited.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<QueueProgress> {
        self.progress.clone()
    }

    /// Stops receiving and lets invocations under way end. Messages that were received and not handed to the function are
    /// visible again at once.
    pub async fn stop(self) {
        self.switch.stop();
        // The task only fails by a panic, which has been reported then.
        let _ = self.task.await;
    }
}

/// Receives only when a batch could be worked on, so that messages do not wait hidden.
async fn run(context: Arc<Context>) {
    let room = Arc::new(Semaphore::new(context.settings.concurrency()));
    let mut gatherer = Gatherer::new(context.clone());
    let mut running = JoinSet::new();
    loop {
        let next = async {
            let permit = room.clone().acquire_owned().await;
            (permit, gatherer.next().await)
        };
        let (permit, batch) = tokio::select! {
            biased;
            () = context.stop.requested() => break,
            next = next => next,
        };
        let context = context.clone();
        running.spawn(async move {
            batch::run(context, batch).await;
            drop(permit);
        });
        while running.try_join_next().is_some() {}
    }
    gatherer.release();
    while running.join_next().await.is_some() {}
}
