//! What is asked of the queue, and SQS.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{BuildError, DisplayErrorContext, SdkError};
use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry as Entry;
use futures::stream::{self, StreamExt};
use serde_json::json;

/// The most entries of one call (SQS quota).
const MAX_ENTRIES: usize = 10;
/// Calls under way at once.
const MAX_CALLS: usize = 8;

/// The queue the function is fed from.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Lets messages, each named by its receipt, come back after a delay. Which of them could not be put off does not
    /// matter: those come back when the queue sees fit.
    async fn put_off(&self, messages: &[(&str, Duration)]) -> Result<(), QueueError>;

    /// Sends a message that arrives after a delay.
    async fn send(&self, body: &str, delay: Duration) -> Result<(), QueueError>;

    /// Puts a message that cannot be read where somebody will look for it, with the reason.
    async fn refuse(&self, body: &str, reason: &str) -> Result<(), QueueError>;
}

/// The queue did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// There is no place for messages that cannot be read.
    #[error("there is no failure queue")]
    NoFailureQueue,
    /// SQS failed.
    #[error("SQS: {0}")]
    Failed(String),
}

/// An SQS queue, and another for what cannot be read.
pub struct SqsQueue {
    client: Client,
    url: String,
    failures: Option<String>,
}

impl SqsQueue {
    /// The queue at `url`; `failures` is the URL of the other.
    pub fn new(client: Client, url: &str, failures: Option<&str>) -> Self {
        SqsQueue { client, url: url.to_owned(), failures: failures.map(str::to_owned) }
    }

    async fn put_off_some(&self, messages: &[(&str, Duration)]) -> Result<(), QueueError> {
        let entries: Result<Vec<_>, _> = messages
            .iter()
            .enumerate()
            .map(|(place, (receipt, delay))| {
                let entry = Entry::builder().id(place.to_string()).receipt_handle(*receipt);
                entry.visibility_timeout(seconds(*delay)).build()
            })
            .collect();
        let request = self.client.change_message_visibility_batch().queue_url(&self.url);
        let answer = request.set_entries(Some(entries.map_err(unbuilt)?)).send().await.map_err(failed)?;
        match answer.failed().first() {
            None => Ok(()),
            Some(entry) => Err(QueueError::Failed(format!(
                "{} of {} messages were not put off: {} {}",
                answer.failed().len(),
                messages.len(),
                entry.code(),
                entry.message().unwrap_or_default()
            ))),
        }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn put_off(&self, messages: &[(&str, Duration)]) -> Result<(), QueueError> {
        let calls: Vec<_> = messages.chunks(MAX_ENTRIES).map(|chunk| self.put_off_some(chunk)).collect();
        let mut results = stream::iter(calls).buffer_unordered(MAX_CALLS);
        let mut result = Ok(());
        while let Some(some) = results.next().await {
            result = result.and(some);
        }
        result
    }

    async fn send(&self, body: &str, delay: Duration) -> Result<(), QueueError> {
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        request.delay_seconds(seconds(delay)).send().await.map_err(failed)?;
        Ok(())
    }

    async fn refuse(&self, body: &str, reason: &str) -> Result<(), QueueError> {
        let url = self.failures.as_ref().ok_or(QueueError::NoFailureQueue)?;
        let text = json!({ "reason": reason, "body": body }).to_string();
        self.client.send_message().queue_url(url).message_body(text).send().await.map_err(failed)?;
        Ok(())
    }
}

/// Whole seconds, rounded up: a message that comes too early would only be put off again.
fn seconds(delay: Duration) -> i32 {
    i32::try_from(delay.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX)
}

fn failed<E: std::error::Error + Send + Sync + 'static>(error: SdkError<E>) -> QueueError {
    QueueError::Failed(DisplayErrorContext(&error).to_string())
}

fn unbuilt(error: BuildError) -> QueueError {
    QueueError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_whole_seconds_and_never_too_short() {
        let delays = [0, 1, 999, 1_000, 1_001].map(Duration::from_millis);
        assert_eq!(delays.map(seconds), [0, 1, 1, 1, 2]);
    }
}
