//! The shape of the payload, what goes back, the answer.

use std::sync::Arc;
use std::time::Duration;

use cache::Clock;
use catalog::edge::{Edge, EdgeError, Ledger, Order, Timing};
use lambda_runtime::Diagnostic;
use lambda_support::Metrics;
use lambda_support::published::Refused;
use serde_json::{Value, json};

use crate::config::Config;
use crate::message::{Content, Message};
use crate::purge::Purger;
use crate::queue::{Queue, QueueError};
use crate::report::Report;

/// The first delay of a message the edge was too busy for; it doubles each time the message is received.
const FIRST_DELAY: Duration = Duration::from_secs(2);
/// The longest of these delays. With 100 receives before a queue gives a message up, that is eight hours.
const LONGEST_DELAY: Duration = Duration::from_secs(300);
/// The delay of a message that cannot be read and has nowhere to go: it should reach the dead letters soon.
const REFUSED_DELAY: Duration = Duration::from_secs(1);

/// Purges the edge for published changes.
pub struct Invalidator {
    purger: Purger,
    queue: Arc<dyn Queue>,
    clock: Arc<dyn Clock>,
    timing: Timing,
    fence: Duration,
    free_items: u64,
    metrics: Metrics,
}

/// Why an invocation failed as a whole. Lambda repeats it, if it was asynchronous.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidateError {
    /// Neither SQS records nor an event.
    #[error("the payload has neither Records nor a detail-type")]
    UnknownPayload,
    /// An event that asks for nothing.
    #[error(transparent)]
    Unreadable(#[from] Refused),
    /// The edge did not purge.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// An event that must wait could not be put into the queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl From<InvalidateError> for Diagnostic {
    fn from(error: InvalidateError) -> Diagnostic {
        let error_type = match &error {
            InvalidateError::UnknownPayload => "UnknownPayload",
            InvalidateError::Unreadable(_) => "UnreadableEvent",
            InvalidateError::Edge(EdgeError::Busy(_)) => "EdgeBusy",
            InvalidateError::Edge(EdgeError::AlreadyAsked | EdgeError::Failed(_)) => "EdgeFailed",
            InvalidateError::Queue(_) => "QueueFailed",
        };
        Diagnostic { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}

impl Invalidator {
    /// Purges `edge` within what `ledger` says is left; what must wait goes to `queue`.
    pub fn new(
        config: &Config,
        edge: Arc<dyn Edge>,
        ledger: Arc<dyn Ledger>,
        queue: Arc<dyn Queue>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let purger = Purger::new(config, edge, ledger, queue.clone(), clock.clone());
        let metrics = Metrics::to_stdout(config.metrics.clone());
        let (timing, fence, free_items) = (config.timing, config.fence, config.free_items);
        Invalidator { purger, queue, clock, timing, fence, free_items, metrics }
    }

    /// Handles a payload by its shape. SQS records are answered with `batchItemFailures`, the messages that are to come
    /// back; an event with a [`Report`].
    pub async fn handle(&self, payload: Value) -> Result<Value, InvalidateError> {
        let mut report = Report::default();
        let answer = match payload.get("Records") {
            Some(Value::Array(records)) => Ok(self.messages(records, &mut report).await),
            _ => self.event(&payload, &mut report).await.map(|()| json!(report)),
        };
        report.log();
        report.measure(&self.metrics, self.free_items);
        if let Err(error) = &answer {
            tracing::error!(%error, "the event failed as a whole; Lambda repeats it");
        }
        answer
    }

    async fn event(&self, event: &Value, report: &mut Report) -> Result<(), InvalidateError> {
        if event.get("detail-type").is_none() {
            return Err(InvalidateError::UnknownPayload);
        }
        let content = Content::read(event, None)?;
        let wait = self.wait(&content.order, 1);
        if wait > Duration::ZERO {
            self.queue.send(&event.to_string(), wait).await?;
            report.waiting += 1;
            crate::report::waiting(&content, &format!("the fence delay: {} ms more", wait.as_millis()));
            return Ok(());
        }
        for outcome in self.purger.purge(&[content], report).await {
            outcome?;
        }
        Ok(())
    }

    async fn messages(&self, records: &[Value], report: &mut Report) -> Value {
        let messages: Vec<_> = records.iter().map(Message::read).collect();
        let mut back: Vec<(&Message, Duration)> = Vec::new();
        let (mut due, mut contents) = (Vec::new(), Vec::new());
        for message in &messages {
            match &message.content {
                Err(refused) => {
                    report.refused += 1;
                    back.extend(self.refuse(message, refused).await.err().map(|delay| (message, delay)));
                }
                Ok(content) => match self.wait(&content.order, message.received) {
                    Duration::ZERO => {
                        due.push(message);
                        contents.push(content.clone());
                    }
                    wait => {
                        report.waiting += 1;
                        crate::report::waiting(
                            content,
                            &format!("the fence delay: {} ms more", wait.as_millis()),
                        );
                        back.push((message, wait));
                    }
                },
            }
        }
        let outcomes = match contents.as_slice() {
            [] => Vec::new(),
            contents => self.purger.purge(contents, report).await,
        };
        let failed = due.into_iter().zip(outcomes).filter(|(_, outcome)| outcome.is_err());
        back.extend(failed.map(|(message, _)| (message, delay(message.received))));
        self.put_off(&back).await;
        let failures: Vec<_> =
            back.iter().map(|(message, _)| json!({ "itemIdentifier": message.id })).collect();
        json!({ "batchItemFailures": failures })
    }

    /// How long an order must wait before it is carried out. A second purge has waited already.
    fn wait(&self, order: &Order, received: u32) -> Duration {
        match order {
            Order::Again(_) => Duration::ZERO,
            Order::Update(update) => match update.published_at {
                Some(published_at) => self.timing.wait(self.fence, published_at, self.clock.now()),
                // It was published before it came here for the first time, and that was a fence delay ago.
                None if received > 1 => Duration::ZERO,
                None => self.timing.wait(self.fence, self.clock.now(), self.clock.now()),
            },
        }
    }

    /// Puts a message that cannot be read aside; if that fails, it comes back after the delay and, in the end, becomes a
    /// dead letter.
    async fn refuse(&self, message: &Message, refused: &Refused) -> Result<(), Duration> {
        tracing::error!(message = message.id, reason = %refused, "a message cannot be read");
        match self.queue.refuse(&message.body, &refused.0).await {
            Ok(()) => Ok(()),
            Err(QueueError::NoFailureQueue) => Err(REFUSED_DELAY),
            Err(error) => {
                tracing::warn!(error = %error, "it was not put aside; it will come back");
                Err(delay(message.received))
            }
        }
    }

    async fn put_off(&self, messages: &[(&Message, Duration)]) {
        if messages.is_empty() {
            return;
        }
        let receipts: Vec<_> =
            messages.iter().map(|(message, delay)| (message.receipt.as_str(), *delay)).collect();
        if let Err(error) = self.queue.put_off(&receipts).await {
            tracing::warn!(error = %error, "messages come back when the queue sees fit");
        }
    }
}

/// How long a message is put off that was received so often. Not jittered: what comes back together is purged together,
/// and by then with more that has gathered.
fn delay(received: u32) -> Duration {
    FIRST_DELAY.saturating_mul(2_u32.saturating_pow(received.saturating_sub(1))).min(LONGEST_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_five_minutes() {
        assert_eq!([1, 2, 3, 8, 9, 100].map(|received| delay(received).as_secs()), [2, 4, 8, 256, 300, 300]);
        assert_eq!(delay(0), FIRST_DELAY);
        assert_eq!(delay(u32::MAX), LONGEST_DELAY);
    }
}
