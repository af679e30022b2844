//! One queue: which messages are ready, delayed or in flight. Time is an argument.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::watch;
use tokio::time::{Duration, Instant};
use uuid::Uuid;

use super::SqsError;
use super::attributes::{MAX_VISIBILITY, QueueAttributes};
use super::digest;
use super::message::{ReceivedMessage, SendMessage, Sent};
use super::receipt::Receipt;

/// Messages of a standard queue that may be in flight at once ("Amazon SQS standard queue quotas").
const MAX_IN_FLIGHT: usize = 120_000;

/// How many messages a queue holds, by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Ready to be received (`ApproximateNumberOfMessages`).
    pub visible: usize,
    /// Received and neither deleted nor visible again (`ApproximateNumberOfMessagesNotVisible`).
    pub in_flight: usize,
    /// Not yet visible for the first time (`ApproximateNumberOfMessagesDelayed`).
    pub delayed: usize,
}

impl Depth {
    /// True when the queue holds nothing in any state.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// The two clocks of one moment: for waiting, and for what is written into messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub instant: Instant,
    pub wall_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    Delayed { until: Instant },
    InFlight { since: Instant, until: Instant },
}

/// A message at rest. `source` and the counts start anew in a dead-letter queue; id and sent time stay.
#[derive(Debug)]
pub(super) struct Stored {
    message: SendMessage,
    message_id: String,
    sent_ms: u64,
    first_received_ms: Option<u64>,
    receive_count: u32,
    /// Number of the receive whose handle is the valid one.
    last_receive: u64,
    source: Option<String>,
    state: State,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub name: String,
    pub arn: String,
    pub attributes: QueueAttributes,
    pub created_ms: u64,
    pub modified_ms: u64,
    pub purged_at: Option<Instant>,
    /// Counts every change that a waiting consumer could be interested in.
    pub changed: watch::Sender<u64>,
    messages: BTreeMap<u64, Stored>,
    ready: BTreeSet<u64>,
    waiting: BTreeSet<(Instant, u64)>,
    by_age: BTreeSet<(u64, u64)>,
    in_flight: usize,
    next_message: u64,
    next_receive: u64,
}

impl Queue {
    pub fn new(name: &str, arn: String, attributes: QueueAttributes, now: Now) -> Self {
        Self {
            name: name.into(),
            arn,
            attributes,
            created_ms: now.wall_ms,
            modified_ms: now.wall_ms,
            purged_at: None,
            changed: watch::Sender::new(0),
            messages: BTreeMap::new(),
            ready: BTreeSet::new(),
            waiting: BTreeSet::new(),
            by_age: BTreeSet::new(),
            in_flight: 0,
            next_message: 0,
            next_receive: 0,
        }
    }

    pub fn send(&mut self, message: SendMessage, now: Now) -> Result<Sent, SqsError> {
        message.validate()?;
        if message.size() > self.attributes.maximum_message_size {
            return Err(SqsError::InvalidParameterValue(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {} bytes.",
                self.attributes.maximum_message_size
            )));
        }
        let delay = message.delay.unwrap_or(self.attributes.delay);
        let sent = Sent {
            message_id: Uuid::new_v4().to_string(),
            md5_of_body: digest::md5_of_body(&message.body),
            md5_of_attributes: digest::md5_of_attributes(&message.attributes),
            md5_of_system_attributes: message.trace_header.as_deref().and_then(digest::md5_of_trace_header),
        };
        let state =
            if delay.is_zero() { State::Ready } else { State::Delayed { until: now.instant + delay } };
        self.store(Stored {
            message,
            message_id: sent.message_id.clone(),
            sent_ms: now.wall_ms,
            first_received_ms: None,
            receive_count: 0,
            last_receive: 0,
            source: None,
            state,
        });
        Ok(sent)
    }

    /// Takes over a message another queue gave up.
    pub fn bury(&mut self, dead: Stored, source_arn: &str) {
        self.store(Stored {
            receive_count: 0,
            last_receive: 0,
            first_received_ms: None,
            source: Some(source_arn.into()),
            state: State::Ready,
            ..dead
        });
    }

    /// Up to `max` ready messages, now in flight for `visibility`; and, if there is a queue that takes them, those that
    /// were received too often before.
    pub fn receive(
        &mut self,
        max: usize,
        visibility: Option<Duration>,
        has_dead_letter_queue: bool,
        now: Now,
    ) -> Result<(Vec<ReceivedMessage>, Vec<Stored>), SqsError> {
        self.settle(now);
        let (mut received, mut dead) = (Vec::new(), Vec::new());
        let redrive = self.attributes.redrive.as_ref().filter(|_| has_dead_letter_queue);
        let limit = redrive.map(|policy| policy.max_receive_count);
        while received.len() < max
            && let Some(&number) = self.ready.first()
        {
            let exhausted = |stored: &Stored| limit.is_some_and(|limit| stored.receive_count >= limit);
            if self.messages.get(&number).is_some_and(exhausted) {
                dead.extend(self.remove(number));
                continue;
            }
            if self.in_flight >= MAX_IN_FLIGHT {
                if received.is_empty() && dead.is_empty() {
                    return Err(SqsError::OverLimit);
                }
                break;
            }
            received.extend(self.hand_out(number, visibility, now));
        }
        if !received.is_empty() || !dead.is_empty() {
            self.announce();
        }
        Ok((received, dead))
    }

    /// Deletes the message if the handle is that of its latest receive; an outdated handle deletes nothing.
    pub fn delete(&mut self, handle: &str, now: Now) -> Result<(), SqsError> {
        let receipt = Receipt::parse(handle, &self.name)?;
        self.settle(now);
        if self.messages.get(&receipt.message).is_some_and(|stored| stored.last_receive == receipt.receive) {
            self.remove(receipt.message);
            self.announce();
        }
        Ok(())
    }

    pub fn change_visibility(&mut self, handle: &str, timeout: Duration, now: Now) -> Result<(), SqsError> {
        let receipt = Receipt::parse(handle, &self.name)?;
        self.settle(now);
        let Some(stored) = self.messages.get_mut(&receipt.message) else {
            return Err(SqsError::InvalidParameterValue(format!(
                "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."
            )));
        };
        let State::InFlight { since, until } = stored.state else { return Err(SqsError::MessageNotInflight) };
        if stored.last_receive != receipt.receive {
            return Err(SqsError::MessageNotInflight);
        }
        if now.instant + timeout > since + MAX_VISIBILITY {
            return Err(SqsError::InvalidParameterValue(format!(
                "Value {} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].",
                timeout.as_secs()
            )));
        }
        let new_until = now.instant + timeout;
        stored.state = State::InFlight { since, until: new_until };
        self.waiting.remove(&(until, receipt.message));
        self.waiting.insert((new_until, receipt.message));
        self.settle(now);
        self.announce();
        Ok(())
    }

    pub fn purge(&mut self, now: Now) {
        self.purged_at = Some(now.instant);
        self.messages.clear();
        self.ready.clear();
        self.waiting.clear();
        self.by_age.clear();
        self.in_flight = 0;
        self.announce();
    }

    pub fn depth(&mut self, now: Now) -> Depth {
        self.settle(now);
        Depth {
            visible: self.ready.len(),
            in_flight: self.in_flight,
            delayed: self.waiting.len() - self.in_flight,
        }
    }

    /// When the next delayed or in-flight message becomes visible.
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.first().map(|&(due, _)| due)
    }

    pub fn announce(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    fn store(&mut self, stored: Stored) {
        let number = self.next_message;
        self.next_message += 1;
        match stored.state {
            State::Ready => {
                self.ready.insert(number);
            }
            State::Delayed { until } | State::InFlight { until, .. } => {
                self.waiting.insert((until, number));
            }
        }
        self.by_age.insert((stored.sent_ms, number));
        self.messages.insert(number, stored);
        self.announce();
    }

    fn hand_out(&mut self, number: u64, visibility: Option<Duration>, now: Now) -> Option<ReceivedMessage> {
        let stored = self.messages.get_mut(&number)?;
        self.next_receive += 1;
        stored.receive_count += 1;
        stored.last_receive = self.next_receive;
        let first_received_ms = *stored.first_received_ms.get_or_insert(now.wall_ms);
        let until = now.instant + visibility.unwrap_or(self.attributes.visibility_timeout);
        stored.state = State::InFlight { since: now.instant, until };
        self.ready.remove(&number);
        self.waiting.insert((until, number));
        self.in_flight += 1;
        Some(ReceivedMessage {
            message_id: stored.message_id.clone(),
            receipt_handle: Receipt { message: number, receive: stored.last_receive }.handle(&self.name),
            body: stored.message.body.clone(),
            md5_of_body: digest::md5_of_body(&stored.message.body),
            attributes: stored.message.attributes.clone(),
            sent_ms: stored.sent_ms,
            first_received_ms,
            receive_count: stored.receive_count,
            dead_letter_source: stored.source.clone(),
            trace_header: stored.message.trace_header.clone(),
        })
    }

    /// Brings the queue to `now`: what is due becomes ready, what is older than the retention period is gone.
    fn settle(&mut self, now: Now) {
        while let Some(&(due, number)) = self.waiting.first()
            && due <= now.instant
        {
            self.waiting.pop_first();
            if let Some(stored) = self.messages.get_mut(&number) {
                if matches!(stored.state, State::InFlight { .. }) {
                    self.in_flight -= 1;
                }
                stored.state = State::Ready;
                self.ready.insert(number);
            }
        }
        let retention_ms = u64::try_from(self.attributes.retention.as_millis()).unwrap_or(u64::MAX);
        while let Some(&(sent_ms, number)) = self.by_age.first()
            && sent_ms.saturating_add(retention_ms) <= now.wall_ms
        {
            self.remove(number);
        }
    }

    fn remove(&mut self, number: u64) -> Option<Stored> {
        let stored = self.messages.remove(&number)?;
        self.by_age.remove(&(stored.sent_ms, number));
        match stored.state {
            State::Ready => {
                self.ready.remove(&number);
            }
            State::Delayed { until } => {
                self.waiting.remove(&(until, number));
            }
            State::InFlight { until, .. } => {
                self.waiting.remove(&(until, number));
                self.in_flight -= 1;
            }
        }
        Some(stored)
    }
}
