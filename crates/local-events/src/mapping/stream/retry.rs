//! What follows an invocation: which records are done, which are tried again, which are given up. No time, no I/O.

use super::super::answer::ItemFailures;
use super::settings::StreamSettings;
use super::shard::Entry;

/// Records that are invoked together, and what has been tried with them.
#[derive(Debug)]
pub(super) struct Attempt {
    pub entries: Vec<Entry>,
    /// Failures that count against `MaximumRetryAttempts`.
    pub failures: u32,
    /// Invocations that held these records.
    pub invocations: u32,
}

/// How an invocation ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Every record is done.
    Success,
    /// The record at this index failed, and with it those after it; those before are done.
    FailedFrom(usize),
    /// The function failed, or its report could not be read.
    Failure,
}

/// What to do with a batch after an invocation.
#[derive(Debug)]
pub(super) struct Next {
    /// Records that are done.
    pub done: Vec<Entry>,
    /// What to invoke next, in this order.
    pub retry: Vec<Attempt>,
    /// What is given up because it was retried too often.
    pub exhausted: Option<Attempt>,
}

/// Reads a report of failed sequence numbers: the lowest one counts, an unknown one fails the whole batch.
pub(super) fn outcome(entries: &[Entry], failures: ItemFailures) -> Outcome {
    let reported = match failures {
        ItemFailures::None => return Outcome::Success,
        ItemFailures::Unreadable => return Outcome::Failure,
        ItemFailures::Some(reported) => reported,
    };
    let index = |id: &String| entries.iter().position(|entry| entry.sequence_number == *id);
    match reported.iter().map(index).collect::<Option<Vec<_>>>() {
        Some(indices) => indices.into_iter().min().map_or(Outcome::Success, Outcome::FailedFrom),
        None => Outcome::Failure,
    }
}

/// Applies the outcome of an invocation of `attempt`.
pub(super) fn next(mut attempt: Attempt, outcome: &Outcome, settings: &StreamSettings) -> Next {
    attempt.invocations += 1;
    let (failed_from, split) = match outcome {
        Outcome::Success => (attempt.entries.len(), false),
        Outcome::FailedFrom(index) => (*index, false),
        Outcome::Failure => (0, settings.bisect_batch_on_function_error && attempt.entries.len() > 1),
    };
    let rest = attempt.entries.split_off(failed_from);
    let done = std::mem::replace(&mut attempt.entries, rest);
    if attempt.entries.is_empty() {
        return Next { done, retry: Vec::new(), exhausted: None };
    }
    if split {
        // Splitting does not use up a retry.
        let second_entries = attempt.entries.split_off(attempt.entries.len() / 2);
        let second = Attempt { entries: second_entries, ..attempt };
        return Next { done, retry: vec![attempt, second], exhausted: None };
    }
    attempt.failures = match (done.is_empty(), settings.bisect_batch_on_function_error) {
        (true, _) => attempt.failures + 1,
        // The batch has moved on: what is left has failed once, or has only been split off.
        (false, false) => 1,
        (false, true) => 0,
    };
    if settings.maximum_retry_attempts.is_some_and(|most| attempt.failures > most) {
        Next { done, retry: Vec::new(), exhausted: Some(attempt) }
    } else {
        Next { done, retry: vec![attempt], exhausted: None }
    }
}
