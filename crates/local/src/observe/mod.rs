//! What the running stack tells of itself: one change on its way, and which keys are busy.
//!
//! - [`journal`]: the last log lines of the functions and the last steps of changes, so many and no more
//! - [`account`]: one change, made of them
//! - [`traffic`]: requests, hits, writes and purges by key
//! - [`api`]: both on a loopback port, which [`Endpoints`](crate::Endpoints) and `.env.local` name
//! - [`client`]: how `cargo xtask trace` and `cargo xtask top` find it
//! - [`show`]: what they print

pub mod account;
pub mod api;
pub mod client;
pub mod journal;
pub mod show;
pub mod traffic;

use std::sync::Arc;

use local_edge::Edge;
use local_events::bus::EventBridge;
use local_lambda::LogLine;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::heard::next;
use crate::journey::Reporter;
use journal::Journal;
use traffic::Traffic;

/// Watches everything from now on, until it is dropped.
pub struct Observer {
    /// What was said and what happened.
    pub journal: Arc<Journal>,
    /// What was asked for.
    pub traffic: Arc<Traffic>,
    watchers: JoinSet<()>,
}

impl Observer {
    /// Nothing is watched yet.
    pub fn new() -> Observer {
        Observer { journal: Arc::default(), traffic: Arc::default(), watchers: JoinSet::new() }
    }

    /// Watches what the functions write.
    pub fn watch_logs(&mut self, logs: &broadcast::Sender<LogLine>) {
        let journal = self.journal.clone();
        self.watch(logs.subscribe(), move |line: LogLine| journal.say(&line));
    }

    /// Watches the steps of changes.
    pub fn watch_steps(&mut self, steps: &Reporter) {
        let (journal, traffic) = (self.journal.clone(), self.traffic.clone());
        self.watch(steps.subscribe(), move |step| {
            if step.step == "streamed" {
                traffic.streamed(&step.id);
            }
            journal.step(step);
        });
    }

    /// Watches what the bus puts into queues.
    pub fn watch_bus(&mut self, bus: &EventBridge) {
        let journal = self.journal.clone();
        self.watch(bus.subscribe(), move |event| {
            if !event.rules.is_empty() {
                journal.queued(&event.event);
            }
        });
    }

    /// Watches what the edge answers and throws out.
    pub fn watch_edge(&mut self, edge: &Edge) {
        let traffic = self.traffic.clone();
        self.watch(edge.subscribe(), move |event| traffic.at_edge(&event));
    }

    /// What was missed is skipped.
    fn watch<T: Clone + Send + 'static>(
        &mut self,
        mut events: broadcast::Receiver<T>,
        take: impl Fn(T) + Send + 'static,
    ) {
        self.watchers.spawn(async move {
            while let Some(event) = next(&mut events).await {
                take(event);
            }
        });
    }
}

impl Default for Observer {
    fn default() -> Self {
        Observer::new()
    }
}
