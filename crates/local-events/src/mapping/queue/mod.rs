//! Event source mapping of an SQS queue.
//!
//! - [`QueueSettings`]: the settings of `AWS::Lambda::EventSourceMapping`
//! - [`QueueMapping`]: a running mapping; [`QueueProgress`]: how far it is
//! - `gather` forms batches, `batch` invokes the function with one and settles its messages, `record` is a message in an event

mod batch;
mod gather;
mod mapping;
mod record;
mod settings;

pub use mapping::{QueueMapping, QueueMappingParts, QueueProgress};
pub use settings::QueueSettings;
