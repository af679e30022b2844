//! Amazon SQS: standard queues in memory.
//!
//! - [`Queues`]: every queue of the stack, used in process by the bus and the mappings
//! - [`router`]: the same over HTTP in the AWS JSON 1.0 protocol, for SDKs and the AWS CLI
//! - `queue`: one queue's state; `attributes`, `message`, `digest`, `receipt`: its parts

mod attributes;
mod digest;
mod error;
mod message;
mod queue;
mod queues;
mod receipt;
mod wire;

pub use attributes::{MAX_MESSAGE_BYTES, QueueAttributes, RedrivePolicy};
pub(crate) use digest::md5_of_attributes;
pub use error::SqsError;
pub use message::{AttributeValue, MessageAttribute, ReceivedMessage, SendMessage, Sent};
pub use queue::Depth;
pub use queues::{Queues, Receive};
pub use wire::router;
