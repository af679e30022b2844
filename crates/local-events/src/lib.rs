//! The queues, the bus and the event source mappings of the local stack, behaving as AWS documents them.
//!
//! - [`sqs`]: standard queues, in process and over HTTP
//! - [`bus`]: event buses with rules, in process and over HTTP
//! - [`mapping`]: event source mappings, from a stream or a queue to a function
//! - [`pattern`]: event patterns, for rules and filters
//! - [`Region`], [`WallClock`]: where and when the stack pretends to be

pub mod bus;
mod clock;
pub mod mapping;
pub mod pattern;
mod region;
pub mod sqs;

pub use clock::WallClock;
pub use region::{ACCOUNT_ID, Region};
