//! DynamoDB Streams to the cache, then to the bus.
//!
//! Every change raises its product's floor or drops the product; only then is it published, so that no level above is
//! told before this one. The answer names the lowest sequence number that failed: the stream comes back to it.
//!
//! - [`config`]: what the function is told at start
//! - [`record`]: a stream record becomes a change, or is refused
//! - [`report`]: what the log and the metrics say of a batch
//! - [`handler`]: tell the cache, publish, answer

pub mod config;
pub mod handler;
pub mod record;
pub mod report;

pub use config::Config;
pub use handler::{BatchResponse, Invalidator};
pub use record::StreamEvent;
