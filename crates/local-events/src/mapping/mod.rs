//! Lambda event source mappings: what reads a stream or a queue and invokes a function with batches.
//!
//! - [`stream`]: shards of a DynamoDB stream, in order per item, retried until done, too old or tried too often
//! - [`queue`]: a queue, in no order; what fails comes back after the visibility time-out
//! - [`StartError`]: settings out of range, a source that is not there
//! - `answer`: what a function's answer says about its batch; `backoff`: how long to wait after a failure;
//!   `stop`: how a mapping is told to end

mod answer;
mod backoff;
mod error;
pub mod queue;
mod stop;
pub mod stream;

use std::fmt;
use std::sync::Arc;

use local_lambda::Invoke;

pub use backoff::Backoff;
pub use error::StartError;

/// The most a synchronous invocation takes (6 MB; "Lambda quotas").
pub(crate) const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

/// What an event's records stand between.
pub(crate) const ENVELOPE: (&str, &str) = (r#"{"Records":["#, "]}");

/// The function a mapping invokes.
#[derive(Clone)]
pub struct MappedFunction {
    /// The function's ARN, for failure records and logs.
    pub arn: String,
    /// What runs it.
    pub invoke: Arc<dyn Invoke>,
}

impl fmt::Debug for MappedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedFunction").field("arn", &self.arn).finish_non_exhaustive()
    }
}
