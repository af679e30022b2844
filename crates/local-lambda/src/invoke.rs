//! The one thing the rest of the stack asks of a function: take a payload, give an answer.

use async_trait::async_trait;
use bytes::Bytes;

/// Invokes one function, synchronously (Lambda's `RequestResponse`).
#[async_trait]
pub trait Invoke: Send + Sync {
    /// Runs one invocation with a JSON payload and returns the function's JSON answer.
    async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvokeError>;

    /// As [`Invoke::invoke`], as part of the given X-Ray trace (`Root=…`). Without an implementation the trace ends here.
    async fn invoke_traced(&self, payload: Bytes, trace_id: &str) -> Result<Bytes, InvokeError> {
        let _ = trace_id;
        self.invoke(payload).await
    }
}

/// Why an invocation gave no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvokeError {
    /// The function answered with an error (`FunctionError` in Lambda's words).
    #[error("{kind}: {message}")]
    Function {
        /// The function's `errorType`.
        kind: String,
        /// The function's `errorMessage`.
        message: String,
    },
    /// The function took longer than its time-out and was ended.
    #[error("Task timed out after {seconds:.2} seconds")]
    TimedOut {
        /// The configured time-out in seconds.
        seconds: f64,
    },
    /// The process ended before it answered.
    #[error("the function's process ended before it answered: {0}")]
    Exited(String),
    /// Every environment is busy and no further one may be started (HTTP 429).
    #[error("Rate Exceeded.")]
    Throttled,
}
