//! The settings of a queue mapping, as in `AWS::Lambda::EventSourceMapping`.

use tokio::time::Duration;

use super::super::Backoff;
use super::super::error::{StartError, check_batching, check_count};

/// Batches in work at once when `MaximumConcurrency` is not set: what Lambda starts with. Lambda adds more while the queue is
/// long; one machine does not.
const INITIAL_CONCURRENCY: usize = 5;

/// Settings of a queue mapping; defaults and ranges are those of "Lambda parameters for Amazon SQS event source mappings".
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// `BatchSize`: 1–10,000 messages, default 10. More than 10 needs a window.
    pub batch_size: usize,
    /// `MaximumBatchingWindowInSeconds`: how long messages are gathered. 0–300 s, default 0.
    pub maximum_batching_window: Duration,
    /// `FunctionResponseTypes: [ReportBatchItemFailures]`. Default off.
    pub report_batch_item_failures: bool,
    /// `ScalingConfig.MaximumConcurrency`: batches in work at once, 2–1,000. Default 5.
    pub maximum_concurrency: Option<usize>,
    /// How long to wait after a throttled invocation.
    pub backoff: Backoff,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            batch_size: 10,
            maximum_batching_window: Duration::ZERO,
            report_batch_item_failures: false,
            maximum_concurrency: None,
            backoff: Backoff::default(),
        }
    }
}

impl QueueSettings {
    pub(super) fn validate(&self) -> Result<(), StartError> {
        check_batching(self.batch_size, self.maximum_batching_window)?;
        if self.batch_size > 10 && self.maximum_batching_window.is_zero() {
            let reason = "must be at least 1 when BatchSize is more than 10".to_owned();
            return Err(StartError::Setting { name: "MaximumBatchingWindowInSeconds", reason });
        }
        self.maximum_concurrency.map_or(Ok(()), |most| check_count("MaximumConcurrency", most, 2..=1_000))
    }

    pub(super) fn concurrency(&self) -> usize {
        self.maximum_concurrency.unwrap_or(INITIAL_CONCURRENCY)
    }
}
