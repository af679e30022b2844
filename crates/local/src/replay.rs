//! Replays the sample events through the real functions, one at a time, and tells what each did.
//!
//! - [`case`]: the files, `events/<function>/<case>.json`
//! - [`mod@bench`]: the parts of the local stack without their mappings: nothing acts but the function that is invoked
//! - [`calls`]: what CloudFront was asked for
//! - [`delivery`]: an event on its way into a function, as its source would deliver it, and the answer
//! - [`levels`]: a product as each level has it
//! - [`show`]: what happened, for people
//!
//! The files tell of the sample catalogue a minute after it was written. Versions and entity tags in them are literal and
//! true, since a bench's catalogue is always written at [`SEEDED_AT`] and every case gets a bench of its own. Only the
//! times of published events are moved, by as much as has passed since [`TOLD_AT`]: their age counts at the edge.

use std::path::Path;
use std::time::Duration;

use cache::{StoreError, UnixMillis};
use local_events::sqs::{Depth, Receive, SqsError};
use local_lambda::LogLine;
use serde_json::Value;
use tokio::sync::broadcast;

pub mod bench;
pub mod calls;
pub mod case;
pub mod delivery;
pub mod levels;
pub mod show;

pub use bench::Bench;
pub use calls::Call;
pub use case::{Case, CaseError};
pub use delivery::Delivery;
pub use levels::{InCache, Levels};

use crate::stack::StartError;

/// When the catalogue was written that the files tell of: the version of every product in it.
pub const SEEDED_AT: UnixMillis = 1_790_000_000_000;
/// The present of the files: a minute later.
pub const TOLD_AT: UnixMillis = SEEDED_AT + 60_000;

/// What one case did.
#[derive(Debug)]
pub struct Outcome {
    /// `<function>/<case>`.
    pub case: String,
    /// Every invocation: one, and more for messages that came back.
    pub deliveries: Vec<Delivery>,
    /// The products the event is about, before and after.
    pub products: Vec<Seen>,
    /// The events that were published, with their envelopes.
    pub published: Vec<Value>,
    /// What waits for the edge's function.
    pub for_the_edge: Depth,
    /// What waits for the auditor.
    pub for_the_auditor: Depth,
    /// What was refused: the bodies of the messages in the failure queue.
    pub refused: Vec<Value>,
}

/// A product before and after.
#[derive(Debug)]
pub struct Seen {
    /// Its id.
    pub id: String,
    /// Before the event was delivered.
    pub before: Levels,
    /// After the last answer.
    pub after: Levels,
}

/// Why a case could not be played. What the function answered is no such reason.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A part of the bench did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The cache did not say what it holds.
    #[error("the cache: {0}")]
    Cache(#[from] StoreError),
    /// A queue did not take or give a message.
    #[error("a queue: {0}")]
    Queue(#[from] SqsError),
}

impl Outcome {
    /// Whether every invocation was answered.
    pub fn answered(&self) -> bool {
        self.deliveries.iter().all(|delivery| delivery.answer.is_ok())
    }

    /// The product of this id, if the event is about it.
    pub fn product(&self, id: &str) -> Option<&Seen> {
        self.products.iter().find(|seen| seen.id == id)
    }
}

/// Plays one case on a bench of its own, with the binaries of a folder. What functions write goes to `logs`.
pub async fn play(
    case: &Case,
    binaries: &Path,
    logs: broadcast::Sender<LogLine>,
) -> Result<Outcome, ReplayError> {
    let mut bench = Bench::start(binaries, logs).await?;
    let outcome = play_on(&mut bench, case).await;
    bench.stop().await;
    outcome
}

async fn play_on(bench: &mut Bench, case: &Case) -> Result<Outcome, ReplayError> {
    let ids = case.products();
    // What is not held anywhere cannot be invalidated. A reader finds every level empty.
    if case.function != "read-api" {
        for id in &ids {
            bench.warm(id).await;
        }
    }
    let before = bench.all_levels(&ids).await?;
    let deliveries = delivery::deliver(bench, case).await?;
    let after = bench.all_levels(&ids).await?;
    let products = ids.into_iter().zip(before.into_iter().zip(after)).map(|(id, (before, after))| Seen {
        id,
        before,
        after,
    });
    let queues = &bench.messaging.queues;
    let everything = Receive { max: usize::MAX, wait: Some(Duration::ZERO), visibility: None };
    let refused = queues.receive(&bench.messaging.failure_queue, everything).await?;
    let refused = refused.iter().map(|message| serde_json::from_str(&message.body).unwrap_or_default());
    Ok(Outcome {
        case: case.to_string(),
        deliveries,
        products: products.collect(),
        for_the_edge: queues.depth(&bench.messaging.edge_queue)?,
        for_the_auditor: queues.depth(&bench.messaging.audit_queue)?,
        refused: refused.collect(),
        published: bench.published(),
    })
}
