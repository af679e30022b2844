//! All queues of the stack, for use in process; the HTTP protocol in `wire` is a translation onto this.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep_until};

use super::SqsError;
use super::attributes::QueueAttributes;
use super::message::{ReceivedMessage, SendMessage, Sent};
use super::queue::{Depth, Now, Queue};
use crate::clock::WallClock;
use crate::region::{ACCOUNT_ID, Region, resource_name};

/// The least time between two purges of a queue.
const PURGE_INTERVAL: Duration = Duration::from_secs(60);

/// What a consumer asks for.
#[derive(Debug, Clone, Copy)]
pub struct Receive {
    /// At most this many messages. The HTTP API allows 1–10; in process there is no upper limit. Default 1.
    pub max: usize,
    /// How long to wait for a first message; `None` takes the queue's own setting.
    pub wait: Option<Duration>,
    /// How long the messages stay hidden; `None` takes the queue's own setting.
    pub visibility: Option<Duration>,
}

impl Default for Receive {
    fn default() -> Self {
        Self { max: 1, wait: None, visibility: None }
    }
}

/// The queues of one account and region, in memory.
///
/// Wherever a queue is named, its name, its URL and its ARN all do.
#[derive(Debug)]
pub struct Queues {
    region: Region,
    endpoint: String,
    clock: WallClock,
    queues: Mutex<BTreeMap<String, Queue>>,
}

impl Queues {
    /// No queues yet. `endpoint` (such as `http://127.0.0.1:9324`) is what queue URLs begin with.
    #[must_use]
    pub fn new(region: Region, endpoint: impl Into<String>, clock: WallClock) -> Self {
        let endpoint = endpoint.into().trim_end_matches('/').to_owned();
        Self { region, endpoint, clock, queues: Mutex::default() }
    }

    /// The region the queues are in.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Creates a queue and answers its URL. Asking again with the same attributes is no error.
    ///
    /// # Errors
    /// [`SqsError::QueueNameExists`] when it exists with other attributes; an invalid name or attribute.
    pub fn create(&self, name: &str, attributes: &BTreeMap<String, String>) -> Result<String, SqsError> {
        validate_name(name)?;
        let now = self.now();
        let mut queues = self.lock();
        if let Some(existing) = queues.get(name) {
            let asked = existing.attributes.with(attributes)?.to_map();
            let differing =
                existing.attributes.to_map().into_iter().find(|(key, value)| asked.get(key) != Some(value));
            let added = asked.keys().find(|key| !existing.attributes.to_map().contains_key(*key)).cloned();
            return match differing.map(|(key, _)| key).or(added) {
                Some(attribute) => Err(SqsError::QueueNameExists(attribute)),
                None => Ok(self.url(name)),
            };
        }
        let attributes = QueueAttributes::default().with(attributes)?;
        check_redrive_target(&queues, &attributes)?;
        queues.insert(name.into(), Queue::new(name, self.region.arn("sqs", name), attributes, now));
        Ok(self.url(name))
    }

    /// Removes a queue with all its messages.
    pub fn remove(&self, queue: &str) -> Result<(), SqsError> {
        self.lock().remove(resource_name(queue)).map(drop).ok_or(SqsError::QueueDoesNotExist)
    }

    /// The URL of an existing queue.
    pub fn url_of(&self, queue: &str) -> Result<String, SqsError> {
        self.with(queue, |queue, _| self.url(&queue.name))
    }

    /// The ARN of an existing queue.
    pub fn arn_of(&self, queue: &str) -> Result<String, SqsError> {
        self.with(queue, |queue, _| queue.arn.clone())
    }

    /// The URLs of all queues whose name begins with `prefix`, by name.
    #[must_use]
    pub fn urls(&self, prefix: &str) -> Vec<String> {
        self.lock().keys().filter(|name| name.starts_with(prefix)).map(|name| self.url(name)).collect()
    }

    /// Every attribute of a queue under its name in the API, the read-only ones included.
    pub fn attributes(&self, queue: &str) -> Result<BTreeMap<String, String>, SqsError> {
        self.with(queue, |queue, now| {
            let depth = queue.depth(now);
            let mut map = queue.attributes.to_map();
            let mut put = |name: &str, value: String| map.insert(name.into(), value);
            put("QueueArn", queue.arn.clone());
            put("CreatedTimestamp", (queue.created_ms / 1_000).to_string());
            put("LastModifiedTimestamp", (queue.modified_ms / 1_000).to_string());
            put("ApproximateNumberOfMessages", depth.visible.to_string());
            put("ApproximateNumberOfMessagesNotVisible", depth.in_flight.to_string());
            put("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string());
            map
        })
    }

    /// The settings of a queue, typed.
    pub fn settings(&self, queue: &str) -> Result<QueueAttributes, SqsError> {
        self.with(queue, |queue, _| queue.attributes.clone())
    }

    /// Changes attributes; messages already in the queue keep the delay they were sent with.
    pub fn set_attributes(&self, queue: &str, changes: &BTreeMap<String, String>) -> Result<(), SqsError> {
        let now = self.now();
        let mut queues = self.lock();
        let attributes = find(&mut queues, queue)?.attributes.with(changes)?;
        check_redrive_target(&queues, &attributes)?;
        let queue = find(&mut queues, queue)?;
        queue.attributes = attributes;
        queue.modified_ms = now.wall_ms;
        queue.announce();
        Ok(())
    }

    /// Puts a message into a queue.
    pub fn send(&self, queue: &str, message: SendMessage) -> Result<Sent, SqsError> {
        self.with(queue, |queue, now| queue.send(message, now))?
    }

    /// Takes up to `request.max` messages, waiting as long as asked for the first of them.
    pub async fn receive(&self, queue: &str, request: Receive) -> Result<Vec<ReceivedMessage>, SqsError> {
        let (mut changed, own_wait) =
            self.with(queue, |queue, _| (queue.changed.subscribe(), queue.attributes.receive_wait))?;
        let deadline = Instant::now() + request.wait.unwrap_or(own_wait);
        loop {
            changed.mark_unchanged();
            let (received, next_due) = self.take(queue, request)?;
            if !received.is_empty() || Instant::now() >= deadline {
                return Ok(received);
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = sleep_until(next_due.map_or(deadline, |due| due.min(deadline))) => {}
            }
        }
    }

    /// Deletes a received message. A handle that a later receive has replaced deletes nothing, without an error.
    pub fn delete(&self, queue: &str, receipt_handle: &str) -> Result<(), SqsError> {
        self.with(queue, |queue, now| queue.delete(receipt_handle, now))?
    }

    /// Hides a message in flight for `timeout` from now; zero makes it visible at once.
    pub fn change_visibility(
        &self,
        queue: &str,
        receipt_handle: &str,
        timeout: Duration,
    ) -> Result<(), SqsError> {
        self.with(queue, |queue, now| queue.change_visibility(receipt_handle, timeout, now))?
    }

    /// Deletes every message, those in flight included.
    pub fn purge(&self, queue: &str) -> Result<(), SqsError> {
        self.with(queue, |queue, now| {
            if queue.purged_at.is_some_and(|at| now.instant < at + PURGE_INTERVAL) {
                return Err(SqsError::PurgeQueueInProgress(queue.name.clone()));
            }
            queue.purge(now);
            Ok(())
        })?
    }

    /// How many messages the queue holds.
    pub fn depth(&self, queue: &str) -> Result<Depth, SqsError> {
        self.with(queue, Queue::depth)
    }

    /// A counter that changes with every send, receive, delete, purge and change of settings or visibility.
    ///
    /// Time alone (a delay or a visibility time-out that ends) does not move it: see [`Queues::wait_until`].
    pub fn changes(&self, queue: &str) -> Result<watch::Receiver<u64>, SqsError> {
        self.with(queue, |queue, _| queue.changed.subscribe())
    }

    /// Waits until the depth of the queue satisfies `condition`.
    pub async fn wait_until(
        &self,
        queue: &str,
        condition: impl Fn(Depth) -> bool,
    ) -> Result<Depth, SqsError> {
        let mut changed = self.changes(queue)?;
        loop {
            changed.mark_unchanged();
            let (depth, due) = self.with(queue, |queue, now| (queue.depth(now), queue.next_due()))?;
            if condition(depth) {
                return Ok(depth);
            }
            let due = async move {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = changed.changed() => {}
                () = due => {}
            }
        }
    }

    fn take(
        &self,
        queue: &str,
        request: Receive,
    ) -> Result<(Vec<ReceivedMessage>, Option<Instant>), SqsError> {
        let now = self.now();
        let mut queues = self.lock();
        let redrive = find(&mut queues, queue)?.attributes.redrive.clone();
        let target = redrive.map(|policy| resource_name(&policy.dead_letter_target_arn).to_owned());
        let has_target = target.as_ref().is_some_and(|target| queues.contains_key(target));
        let source = find(&mut queues, queue)?;
        let (received, dead) = source.receive(request.max, request.visibility, has_target, now)?;
        let next_due = source.next_due();
        let source_arn = source.arn.clone();
        if let Some(target) = target.and_then(|name| queues.get_mut(&name)) {
            dead.into_iter().for_each(|message| target.bury(message, &source_arn));
        }
        Ok((received, next_due))
    }

    fn with<T>(&self, queue: &str, act: impl FnOnce(&mut Queue, Now) -> T) -> Result<T, SqsError> {
        let now = self.now();
        Ok(act(find(&mut self.lock(), queue)?, now))
    }

    fn now(&self) -> Now {
        let instant = Instant::now();
        Now { instant, wall_ms: self.clock.at_ms(instant) }
    }

    fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT_ID}/{name}", self.endpoint)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find<'a>(queues: &'a mut BTreeMap<String, Queue>, queue: &str) -> Result<&'a mut Queue, SqsError> {
    queues.get_mut(resource_name(queue)).ok_or(SqsError::QueueDoesNotExist)
}

fn validate_name(name: &str) -> Result<(), SqsError> {
    if name.ends_with(".fifo") {
        return Err(SqsError::UnsupportedOperation("This stack has standard queues only.".into()));
    }
    let fits = (1..=80).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if fits {
        Ok(())
    } else {
        Err(SqsError::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".into(),
        ))
    }
}

fn check_redrive_target(
    queues: &BTreeMap<String, Queue>,
    attributes: &QueueAttributes,
) -> Result<(), SqsError> {
    match &attributes.redrive {
        Some(policy) if !queues.values().any(|queue| queue.arn == policy.dead_letter_target_arn) => {
            Err(SqsError::InvalidParameterValue(
                "Value for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."
                    .into(),
            ))
        }
        _ => Ok(()),
    }
}
