//! Published changes to the edge: the fewest purges, within the budget, none lost.
//!
//! Takes one EventBridge event, or SQS messages that hold one each. What the edge is too busy for goes back to the queue
//! with a growing delay; what must wait for the fence delay waits there too. The function itself never sleeps.
//!
//! - [`config`]: what the function is told at start
//! - [`message`]: a message becomes an order, or is refused
//! - [`purge`]: look up, plan, call, remember
//! - [`queue`]: what is asked of the queue, and SQS
//! - [`report`]: what one invocation did
//! - [`handler`]: the shape of the payload, what goes back, the answer

pub mod config;
pub mod handler;
pub mod message;
pub mod purge;
pub mod queue;
pub mod report;

pub use config::Config;
pub use handler::{InvalidateError, Invalidator};
pub use purge::Purger;
pub use queue::{Queue, QueueError, SqsQueue};
pub use report::Report;
