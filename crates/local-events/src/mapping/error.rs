//! Why a mapping does not start.

use std::ops::RangeInclusive;

use tokio::time::Duration;

use super::stream::SourceError;
use crate::sqs::SqsError;

/// A mapping that does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is out of its range.
    #[error("{name} {reason}")]
    Setting {
        /// The setting's name in `AWS::Lambda::EventSourceMapping`.
        name: &'static str,
        /// What it has to be.
        reason: String,
    },
    /// The stream cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The queue, or the failure destination, is not there.
    #[error("{0}")]
    Queue(#[from] SqsError),
}

pub(super) fn check_count(
    name: &'static str,
    value: usize,
    range: RangeInclusive<usize>,
) -> Result<(), StartError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(StartError::Setting { name, reason: format!("is {value}, not {} to {}", range.start(), range.end()) })
}

pub(super) fn check_seconds(
    name: &'static str,
    value: Duration,
    range: RangeInclusive<u64>,
) -> Result<(), StartError> {
    if range.contains(&value.as_secs()) && value.subsec_nanos() == 0 {
        return Ok(());
    }
    let reason = format!("is {value:?}, not {} to {} whole seconds", range.start(), range.end());
    Err(StartError::Setting { name, reason })
}

/// `MaximumBatchingWindowInSeconds` for streams and queues ("CreateEventSourceMapping").
pub(super) fn check_batching(batch_size: usize, window: Duration) -> Result<(), StartError> {
    check_count("BatchSize", batch_size, 1..=10_000)?;
    check_seconds("MaximumBatchingWindowInSeconds", window, 0..=300)
}
