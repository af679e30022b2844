//! Asks edge and API after a change whether they have it, and counts how often and by how much they were behind: how many
//! nines of consistency there are within 1, 10 and 60 seconds.
//!
//! A change is published after the cache was told of it, so from then on no level may answer with what was before. Of a
//! sample of the published changes, this function sends itself three looks through its queue, with the queue's delays: it
//! never sleeps. Each look asks the edge for every copy it may hold, and the API, whose cache answers; neither is trusted
//! for what is right: see [`judge`]. What is found is counted as `Consistent`, `Behind` or `Unanswered`, by level and look
//! ([`lambda_support::metrics`]); one that is behind is a line at WARN, too, with what it showed.
//!
//! - [`config`]: what the function is told at start
//! - [`sample`]: which changes are looked at
//! - [`schedule`]: when is looked, and until when a look counts
//! - [`message`]: a message is a change or a look, or is refused
//! - [`ask`]: who is asked, and how
//! - [`answer`]: what a level said
//! - [`judge`](mod@judge): whether that is behind
//! - [`finding`]: what one look found at one level, logged and counted
//! - [`queue`]: what is asked of the queue, and SQS
//! - [`auditor`]: the handler

pub mod answer;
pub mod ask;
pub mod auditor;
pub mod config;
pub mod finding;
pub mod judge;
pub mod message;
pub mod queue;
pub mod sample;
pub mod schedule;

pub use answer::{Answer, State, Unanswered};
pub use ask::{Ask, Encoding, HttpAsk, Place};
pub use auditor::{Auditor, UnknownPayload};
pub use config::Config;
pub use finding::Finding;
pub use judge::{Expected, Verdict};
pub use message::{Change, Content, Look, Message};
pub use queue::{Queue, QueueError, SqsQueue};
pub use sample::Sample;
