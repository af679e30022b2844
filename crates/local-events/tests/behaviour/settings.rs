//! Settings outside the documented ranges are refused when a mapping starts.

use std::sync::Arc;
use std::time::Duration;

use local_events::mapping::StartError;
use local_events::mapping::queue::{QueueMapping, QueueMappingParts, QueueSettings};
use local_events::mapping::stream::{StreamMapping, StreamMappingParts, StreamSettings};
use local_events::pattern::FilterCriteria;
use local_events::sqs::Queues;
use local_events::{Region, WallClock};

use crate::fakes::{MemoryStream, function};

fn queues() -> Arc<Queues> {
    let queues = Queues::new(Region::default(), "http://127.0.0.1:1", WallClock::starting_at(0));
    queues.create("q", &[].into()).unwrap();
    Arc::new(queues)
}

async fn refused_stream_setting(settings: StreamSettings) -> &'static str {
    let parts = StreamMappingParts {
        source: Arc::new(MemoryStream::with_shard("s")),
        function: function().0,
        settings,
        filter: FilterCriteria::default(),
        queues: queues(),
        clock: WallClock::starting_at(0),
    };
    match StreamMapping::start(parts).await {
        Err(StartError::Setting { name, .. }) => name,
        other => panic!("{other:?}"),
    }
}

fn refused_queue_setting(settings: QueueSettings) -> &'static str {
    let filter = FilterCriteria::default();
    let parts =
        QueueMappingParts { queues: queues(), queue: "q".into(), function: function().0, settings, filter };
    match QueueMapping::start(parts) {
        Err(StartError::Setting { name, .. }) => name,
        other => panic!("{other:?}"),
    }
}

/// "Lambda parameters for Amazon DynamoDB event source mappings" and "CreateEventSourceMapping": the ranges of the settings.
#[tokio::test(start_paused = true)]
async fn stream_settings_outside_their_ranges_are_refused() {
    let defaults = StreamSettings::default;
    let seconds = Duration::from_secs;
    let cases = [
        (StreamSettings { batch_size: 0, ..defaults() }, "BatchSize"),
        (StreamSettings { batch_size: 10_001, ..defaults() }, "BatchSize"),
        (
            StreamSettings { maximum_batching_window: seconds(301), ..defaults() },
            "MaximumBatchingWindowInSeconds",
        ),
        (StreamSettings { parallelization_factor: 0, ..defaults() }, "ParallelizationFactor"),
        (StreamSettings { parallelization_factor: 11, ..defaults() }, "ParallelizationFactor"),
        (StreamSettings { maximum_retry_attempts: Some(10_001), ..defaults() }, "MaximumRetryAttempts"),
        (StreamSettings { maximum_record_age: Some(seconds(59)), ..defaults() }, "MaximumRecordAgeInSeconds"),
        (
            StreamSettings { maximum_record_age: Some(seconds(604_801)), ..defaults() },
            "MaximumRecordAgeInSeconds",
        ),
    ];
    for (settings, name) in cases {
        assert_eq!(refused_stream_setting(settings).await, name);
    }
}

/// "Lambda parameters for Amazon SQS event source mappings" and "CreateEventSourceMapping": the ranges of the settings, and a
/// window of at least a second for batches of more than ten.
#[tokio::test(start_paused = true)]
async fn queue_settings_outside_their_ranges_are_refused() {
    let defaults = QueueSettings::default;
    let cases = [
        (QueueSettings { batch_size: 0, ..defaults() }, "BatchSize"),
        (QueueSettings { batch_size: 11, ..defaults() }, "MaximumBatchingWindowInSeconds"),
        (QueueSettings { maximum_concurrency: Some(1), ..defaults() }, "MaximumConcurrency"),
        (QueueSettings { maximum_concurrency: Some(1_001), ..defaults() }, "MaximumConcurrency"),
    ];
    for (settings, name) in cases {
        assert_eq!(refused_queue_setting(settings), name);
    }
}

/// "CreateEventSourceMapping": the queue, and the failure destination, have to exist.
#[tokio::test(start_paused = true)]
async fn a_queue_that_does_not_exist_is_refused() {
    let parts = QueueMappingParts {
        queues: queues(),
        queue: "nobody".into(),
        function: function().0,
        settings: QueueSettings::default(),
        filter: FilterCriteria::default(),
    };
    assert!(matches!(QueueMapping::start(parts), Err(StartError::Queue(_))));
    let parts = StreamMappingParts {
        source: Arc::new(MemoryStream::with_shard("s")),
        function: function().0,
        settings: StreamSettings { on_failure: Some("nobody".into()), ..StreamSettings::default() },
        filter: FilterCriteria::default(),
        queues: queues(),
        clock: WallClock::starting_at(0),
    };
    assert!(matches!(StreamMapping::start(parts).await, Err(StartError::Queue(_))));
}
