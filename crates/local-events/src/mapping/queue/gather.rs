//! Forms batches: receives, drops what the filter leaves out, and ends at the size, the payload limit or the window.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::{Duration, Instant, sleep};

use super::super::{ENVELOPE, MAX_PAYLOAD_BYTES};
use super::mapping::Context;
use super::record;
use crate::sqs::Receive;

/// Messages of one receive ("ReceiveMessage").
const RECEIVE_LIMIT: usize = 10;

/// How long one receive waits; the longest long poll there is.
const LONG_POLL: Duration = Duration::from_secs(20);

/// A message in the mapping's hands.
#[derive(Debug)]
pub(super) struct Held {
    pub message_id: String,
    pub receipt_handle: String,
    /// The message as it goes into the event.
    pub json: String,
    /// When it becomes visible to others.
    pub visible_at: Instant,
}

pub(super) struct Gatherer {
    context: Arc<Context>,
    /// Received, and not in a batch yet.
    held: VecDeque<Held>,
}

impl Gatherer {
    pub fn new(context: Arc<Context>) -> Self {
        Self { context, held: VecDeque::new() }
    }

    /// The next batch; never empty. May be dropped at any wait without losing what was received.
    pub async fn next(&mut self) -> Vec<Held> {
        while self.held.is_empty() {
            self.receive(self.context.settings.batch_size, LONG_POLL).await;
        }
        let window_ends = Instant::now() + self.context.settings.maximum_batching_window;
        loop {
            let (count, full) = self.fitting();
            let left = window_ends.saturating_duration_since(Instant::now());
            if full || left.is_zero() {
                return self.held.drain(..count).collect();
            }
            self.receive(self.context.settings.batch_size - count, left.min(LONG_POLL)).await;
        }
    }

    /// Makes what is held visible again.
    pub fn release(self) {
        for held in self.held {
            let queue = &self.context.queue;
            if let Err(error) =
                self.context.queues.change_visibility(queue, &held.receipt_handle, Duration::ZERO)
            {
                tracing::debug!(queue, %error, "a message comes back by itself");
            }
        }
    }

    /// How many held messages make up the next batch, and whether none can be added to it.
    fn fitting(&self) -> (usize, bool) {
        let mut bytes = ENVELOPE.0.len() + ENVELOPE.1.len();
        for (count, held) in self.held.iter().enumerate() {
            bytes += held.json.len() + 1;
            let too_large = bytes > MAX_PAYLOAD_BYTES && count > 0;
            if too_large || count == self.context.settings.batch_size {
                return (count, true);
            }
        }
        (self.held.len(), self.held.len() >= self.context.settings.batch_size)
    }

    async fn receive(&mut self, most: usize, wait: Duration) {
        let context = &self.context;
        let request = Receive { max: most.min(RECEIVE_LIMIT), wait: Some(wait), visibility: None };
        let settings = context.queues.settings(&context.queue);
        let received = context.queues.receive(&context.queue, request).await;
        let (messages, settings) = match (received, settings) {
            (Ok(messages), Ok(settings)) => (messages, settings),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(queue = context.queue, %error, "the queue cannot be received from");
                sleep(context.settings.backoff.most).await;
                return;
            }
        };
        let visible_at = Instant::now() + settings.visibility_timeout;
        for message in messages {
            let record = record::record(&message, &context.queue, context.queues.region().name());
            let passes = context.filter.matches(&record::filterable(&record));
            context.progress.send_modify(|progress| {
                progress.received += 1;
                progress.filtered += u64::from(!passes);
            });
            if passes {
                let (message_id, receipt_handle) = (message.message_id, message.receipt_handle);
                // Visible again while it was held: only the newer receipt handle deletes it.
                self.held.retain(|held| held.message_id != message_id);
                self.held.push_back(Held {
                    message_id,
                    receipt_handle,
                    json: record.to_string(),
                    visible_at,
                });
            } else {
                context.delete(&message.receipt_handle);
            }
        }
    }
}
