//! What is asked of the queue, and SQS.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry as Entry;

/// The queue the function is fed from.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends messages, ten at most, that arrive after a delay each. If it fails, some of them may have been sent.
    async fn send(&self, messages: &[(String, Duration)]) -> Result<(), QueueError>;
}

/// The queue has not taken every message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("SQS: {0}")]
pub struct QueueError(pub String);

/// An SQS queue.
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue at `url`.
    pub fn new(client: Client, url: &str) -> Self {
        SqsQueue { client, url: url.to_owned() }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, messages: &[(String, Duration)]) -> Result<(), QueueError> {
        let entries = messages.iter().enumerate().map(|(place, (body, delay))| {
            Entry::builder().id(place.to_string()).message_body(body).delay_seconds(seconds(*delay)).build()
        });
        let entries: Result<Vec<_>, _> = entries.collect();
        let entries = entries.map_err(|error| QueueError(error.to_string()))?;
        let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer =
            request.send().await.map_err(|error| QueueError(DisplayErrorContext(&error).to_string()))?;
        match answer.failed().first() {
            None => Ok(()),
            Some(entry) => Err(QueueError(format!(
                "{} of {} messages were not sent: {} {}",
                answer.failed().len(),
                messages.len(),
                entry.code(),
                entry.message().unwrap_or_default()
            ))),
        }
    }
}

/// Whole seconds, rounded up: a look that came too early would find what may still be on its way.
fn seconds(delay: Duration) -> i32 {
    i32::try_from(delay.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_whole_seconds_and_never_too_short() {
        let delays = [0, 1, 700, 1_000, 1_001].map(Duration::from_millis);
        assert_eq!(delays.map(seconds), [0, 1, 1, 1, 2]);
    }
}
