//! One sequence of batches: gathers records, invokes the function, and goes on only when a batch is done or given up.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use local_lambda::InvokeError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::super::answer::{ItemFailures, item_failures};
use super::super::{ENVELOPE, MAX_PAYLOAD_BYTES};
use super::discard::{self, Condition};
use super::mapping::Context;
use super::retry::{self, Attempt, Outcome};
use super::shard::{Entry, ShardState};

pub(super) struct Lane {
    context: Arc<Context>,
    shard: Arc<ShardState>,
    arriving: mpsc::UnboundedReceiver<Vec<Entry>>,
    backlog: VecDeque<Entry>,
}

impl Lane {
    pub fn new(
        context: Arc<Context>,
        shard: Arc<ShardState>,
        arriving: mpsc::UnboundedReceiver<Vec<Entry>>,
    ) -> Self {
        Self { context, shard, arriving, backlog: VecDeque::new() }
    }

    /// Runs until the shard has ended and everything is done, or the mapping stops: then an invocation that is under
    /// way is finished, and what is not done stays behind the checkpoint.
    pub async fn run(mut self) {
        let context = self.context.clone();
        loop {
            let batch = tokio::select! {
                biased;
                () = context.stop.requested() => return,
                batch = self.gather() => batch,
            };
            match batch {
                Some(entries) => self.work_off(entries).await,
                None => return,
            }
        }
    }

    /// The next batch: full, or what came within the window. `None` when nothing will come any more.
    async fn gather(&mut self) -> Option<Vec<Entry>> {
        while self.backlog.is_empty() {
            self.backlog.extend(self.arriving.recv().await?);
        }
        let window_ends = Instant::now() + self.context.settings.maximum_batching_window;
        loop {
            while let Ok(entries) = self.arriving.try_recv() {
                self.backlog.extend(entries);
            }
            let (count, full) = self.fitting();
            if full || Instant::now() >= window_ends {
                return Some(self.backlog.drain(..count).collect());
            }
            tokio::select! {
                arrived = self.arriving.recv() => match arrived {
                    Some(entries) => self.backlog.extend(entries),
                    None => return Some(self.backlog.drain(..count).collect()),
                },
                () = sleep_until(window_ends) => {}
            }
        }
    }

    /// How many records of the backlog make up the next batch, and whether none can be added to it.
    fn fitting(&self) -> (usize, bool) {
        let mut bytes = ENVELOPE.0.len() + ENVELOPE.1.len();
        for (count, entry) in self.backlog.iter().enumerate() {
            bytes += entry.json.len() + 1;
            let too_large = bytes > MAX_PAYLOAD_BYTES && count > 0;
            if too_large || count == self.context.settings.batch_size {
                return (count, true);
            }
        }
        (self.backlog.len(), self.backlog.len() >= self.context.settings.batch_size)
    }

    async fn work_off(&mut self, entries: Vec<Entry>) {
        let mut pending = vec![Attempt { entries, failures: 0, invocations: 0 }];
        let mut failures_in_a_row = 0;
        while let Some(attempt) = pending.pop() {
            let Some(attempt) = self.without_expired(attempt) else { continue };
            if self.context.stop.is_requested() {
                return;
            }
            match self.invoke(&attempt.entries).await {
                Some(outcome) => {
                    let next = retry::next(attempt, &outcome, &self.context.settings);
                    if !next.done.is_empty() {
                        failures_in_a_row = 0;
                        self.finish(&next.done, |progress, count| progress.succeeded += count);
                    }
                    if let Some(exhausted) = next.exhausted {
                        self.give_up(&exhausted, Condition::RetryAttemptsExhausted, &outcome);
                        failures_in_a_row = 0;
                    } else if !next.retry.is_empty() {
                        failures_in_a_row += 1;
                    }
                    pending.extend(next.retry.into_iter().rev());
                }
                None => {
                    failures_in_a_row += 1;
                    pending.push(attempt);
                }
            }
            if failures_in_a_row > 0 {
                tokio::select! {
                    () = sleep(self.context.settings.backoff.after(failures_in_a_row)) => {}
                    () = self.context.stop.requested() => return,
                }
            }
        }
    }

    /// One invocation; `None` when it did not come about because the function is throttled.
    async fn invoke(&self, entries: &[Entry]) -> Option<Outcome> {
        let answer = self.context.function.invoke.invoke(payload(entries)).await;
        let outcome = match answer {
            Err(InvokeError::Throttled) => {
                self.context.progress.send_modify(|progress| progress.throttles += 1);
                return None;
            }
            Err(error) => {
                tracing::warn!(function = self.context.function.arn, records = entries.len(), %error, "batch failed");
                Outcome::Failure
            }
            Ok(answer) if self.context.settings.report_batch_item_failures => {
                let failures = item_failures(&answer);
                if failures == ItemFailures::Unreadable {
                    tracing::warn!(
                        function = self.context.function.arn,
                        "the report of failed items is unreadable"
                    );
                }
                retry::outcome(entries, failures)
            }
            Ok(_) => Outcome::Success,
        };
        self.context.progress.send_modify(|progress| {
            progress.invocations += 1;
            progress.failed_invocations += u64::from(outcome != Outcome::Success);
        });
        Some(outcome)
    }

    /// Gives up records beyond the age limit; `None` if none are left.
    fn without_expired(&self, mut attempt: Attempt) -> Option<Attempt> {
        let limit_ms = u64::try_from(self.context.settings.age_limit().as_millis()).unwrap_or(u64::MAX);
        let now_ms = self.context.clock.now_ms();
        let expired = |entry: &Entry| entry.created_ms.saturating_add(limit_ms) < now_ms;
        let count = attempt.entries.iter().take_while(|entry| expired(entry)).count();
        if count > 0 {
            let rest = attempt.entries.split_off(count);
            let entries = std::mem::replace(&mut attempt.entries, rest);
            let expired = Attempt { entries, ..attempt };
            self.give_up(&expired, Condition::RecordAgeExceeded, &Outcome::Failure);
        }
        (!attempt.entries.is_empty()).then_some(attempt)
    }

    fn give_up(&self, attempt: &Attempt, condition: Condition, outcome: &Outcome) {
        discard::tell(&self.context, &self.shard.id, attempt, condition, outcome);
        self.finish(&attempt.entries, |progress, count| progress.discarded += count);
    }

    fn finish(&self, entries: &[Entry], count: impl FnOnce(&mut super::Progress, u64)) {
        {
            let mut checkpoint = self.shard.checkpoint();
            entries.iter().for_each(|entry| checkpoint.done(entry.number));
        }
        self.context.progress.send_modify(|progress| count(progress, entries.len() as u64));
    }
}

fn payload(entries: &[Entry]) -> Bytes {
    let records: Vec<&str> = entries.iter().map(|entry| entry.json.as_str()).collect();
    [ENVELOPE.0, &records.join(","), ENVELOPE.1].concat().into()
}
