//! Lambda event source mappings: what reads a stream or a queue and invokes a function with batches.
//!
//! - [`stream`]: shards of a DynamoDB stream, in order per item, retried until done, too old or tried too often
//! - `answer`: what a function's answer says about its batch; `backoff`: how long to wait after a failure;
//!   `stop`: how a mapping is told to end

mod answer;
mod backoff;
mod stop;
pub mod stream;

use std::fmt;
use std::sync::Arc;

use local_lambda::Invoke;

pub use backoff::Backoff;

/// The most a synchronous invocation takes (6 MB; "Lambda quotas").
pub(crate) const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

/// The function a mapping invokes.
#[derive(Clone)]
pub struct MappedFunction {
    /// The function's ARN, for failure records.
    pub arn: String,
    /// What runs it.
    pub invoke: Arc<dyn Invoke>,
}

impl fmt::Debug for MappedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedFunction").field("arn", &self.arn).finish_non_exhaustive()
    }
}
