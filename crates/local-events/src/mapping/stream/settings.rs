//! The settings of a stream mapping, as in `AWS::Lambda::EventSourceMapping`.

use tokio::time::Duration;

use super::super::Backoff;
use super::super::error::{StartError, check_batching, check_count, check_seconds};

/// How long DynamoDB Streams keeps a record; older ones are gone whatever the settings say.
const RETENTION: Duration = Duration::from_secs(24 * 3_600);

/// Where a new mapping begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartingPosition {
    /// `TRIM_HORIZON`: with the oldest record of the stream.
    TrimHorizon,
    /// `LATEST`: with what is written from now on.
    Latest,
}

/// Settings of a stream mapping; defaults and ranges are those of "Lambda parameters for Amazon DynamoDB event source mappings".
#[derive(Debug, Clone)]
pub struct StreamSettings {
    /// `StartingPosition`. Default `TRIM_HORIZON` (AWS has no default).
    pub starting_position: StartingPosition,
    /// `BatchSize`: 1–10,000 records, default 100.
    pub batch_size: usize,
    /// `MaximumBatchingWindowInSeconds`: how long records are gathered. 0–300 s, default 0.
    pub maximum_batching_window: Duration,
    /// `ParallelizationFactor`: batches of one shard in work at once, in order per item. 1–10, default 1.
    pub parallelization_factor: usize,
    /// `FunctionResponseTypes: [ReportBatchItemFailures]`. Default off.
    pub report_batch_item_failures: bool,
    /// `BisectBatchOnFunctionError`. Default off.
    pub bisect_batch_on_function_error: bool,
    /// `MaximumRetryAttempts`: 0–10,000; `None` is −1, no limit. Default `None`.
    pub maximum_retry_attempts: Option<u32>,
    /// `MaximumRecordAgeInSeconds`: 60 s–7 days; `None` is −1, until the stream has dropped the record (24 h). Default `None`.
    pub maximum_record_age: Option<Duration>,
    /// `DestinationConfig.OnFailure.Destination`: ARN of a queue that is told of discarded records. Default none.
    pub on_failure: Option<String>,
    /// How long to wait after a read that found nothing. Default 250 ms, four reads a second as on AWS.
    pub poll_interval: Duration,
    /// How long to wait after a failed invocation.
    pub backoff: Backoff,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            starting_position: StartingPosition::TrimHorizon,
            batch_size: 100,
            maximum_batching_window: Duration::ZERO,
            parallelization_factor: 1,
            report_batch_item_failures: false,
            bisect_batch_on_function_error: false,
            maximum_retry_attempts: None,
            maximum_record_age: None,
            on_failure: None,
            poll_interval: Duration::from_millis(250),
            backoff: Backoff::default(),
        }
    }
}

impl StreamSettings {
    pub(super) fn validate(&self) -> Result<(), StartError> {
        check_batching(self.batch_size, self.maximum_batching_window)?;
        check_count("ParallelizationFactor", self.parallelization_factor, 1..=10)?;
        let attempts = self.maximum_retry_attempts.unwrap_or(0);
        check_count("MaximumRetryAttempts", usize::try_from(attempts).unwrap_or(usize::MAX), 0..=10_000)?;
        self.maximum_record_age
            .map_or(Ok(()), |age| check_seconds("MaximumRecordAgeInSeconds", age, 60..=604_800))
    }

    /// The age beyond which a record is discarded.
    pub(super) fn age_limit(&self) -> Duration {
        self.maximum_record_age.map_or(RETENTION, |age| age.min(RETENTION))
    }
}
