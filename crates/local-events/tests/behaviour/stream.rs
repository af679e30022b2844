//! Stream mappings: batches, order, filters, positions.

use std::sync::Arc;
use std::time::Duration;

use local_events::mapping::stream::{StartingPosition, StreamMapping, StreamMappingParts, StreamSettings};
use local_events::pattern::FilterCriteria;
use local_events::sqs::Queues;
use local_events::{Region, WallClock};

use crate::fakes::{Calls, MemoryStream, START_MS, function, named_record, record};

pub const SHARD: &str = "shardId-1";

/// A mapping under test with everything around it.
pub struct Setup {
    pub stream: MemoryStream,
    pub calls: Calls,
    pub queues: Arc<Queues>,
    pub mapping: StreamMapping,
}

pub async fn start(settings: StreamSettings, records: &[(u64, &str)]) -> Setup {
    start_filtered(settings, FilterCriteria::default(), records).await
}

pub async fn start_filtered(
    settings: StreamSettings,
    filter: FilterCriteria,
    records: &[(u64, &str)],
) -> Setup {
    let stream = MemoryStream::with_shard(SHARD);
    stream.write(SHARD, records.iter().map(|(number, key)| record(*number, key)));
    let clock = WallClock::starting_at(START_MS);
    let queues = Arc::new(Queues::new(Region::default(), "http://127.0.0.1:1", clock));
    queues.create("failures", &[].into()).unwrap();
    let (function, calls) = function();
    let source = Arc::new(stream.clone());
    let parts = StreamMappingParts { source, function, settings, filter, queues: queues.clone(), clock };
    Setup { stream, calls, queues, mapping: StreamMapping::start(parts).await.unwrap() }
}

impl Setup {
    /// Waits until nothing that was read is open, and `done` records were read.
    pub async fn settled(&self, done: u64) {
        let mut progress = self.mapping.progress();
        progress.wait_for(|p| p.read == done && p.outstanding() == 0).await.unwrap();
    }
}

/// "Lambda parameters for Amazon DynamoDB event source mappings": `BatchSize` bounds a batch; "Using AWS Lambda with Amazon
/// DynamoDB": records arrive in order.
#[tokio::test(start_paused = true)]
async fn a_batch_holds_at_most_batch_size_records_in_stream_order() {
    let settings = StreamSettings { batch_size: 2, ..StreamSettings::default() };
    let mut setup = start(settings, &[(1, "a"), (2, "b"), (3, "a")]).await;
    let first = setup.calls.next().await;
    assert_eq!(first.sequence_numbers(), ["1", "2"]);
    assert_eq!(first.records()[0]["eventSource"], "aws:dynamodb");
    first.succeed();
    let second = setup.calls.next().await;
    assert_eq!(second.sequence_numbers(), ["3"]);
    second.succeed();
    setup.settled(3).await;
}

/// "Using AWS Lambda with Amazon DynamoDB", polling and batching streams: a shard is polled four times a second.
#[tokio::test(start_paused = true)]
async fn an_idle_shard_is_polled_every_250_ms() {
    let mut setup = start(StreamSettings::default(), &[]).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    setup.stream.write(SHARD, [record(1, "a")]);
    tokio::time::sleep(Duration::from_millis(248)).await;
    assert!(setup.calls.try_next().is_none());
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert!(setup.calls.try_next().is_some());
}

/// A source that can tell of new records does not wait for the next poll.
#[tokio::test(start_paused = true)]
async fn a_source_may_wake_the_mapping() {
    let mut setup = start(StreamSettings::default(), &[]).await;
    setup.stream.wake_readers(SHARD);
    tokio::time::sleep(Duration::from_millis(260)).await;
    let started = tokio::time::Instant::now();
    setup.stream.write(SHARD, [record(1, "a")]);
    assert_eq!(setup.calls.next().await.sequence_numbers(), ["1"]);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

/// "Using AWS Lambda with Amazon DynamoDB", polling and batching streams: without a window a batch goes out at once; with
/// one, records are gathered until it ends.
#[tokio::test(start_paused = true)]
async fn a_batching_window_gathers_records_until_it_ends() {
    let window = Duration::from_secs(5);
    let settings = StreamSettings { maximum_batching_window: window, ..StreamSettings::default() };
    let mut setup = start(settings, &[(1, "a")]).await;
    let started = tokio::time::Instant::now();
    tokio::time::sleep(Duration::from_secs(4)).await;
    setup.stream.write(SHARD, [record(2, "b")]);
    let batch = setup.calls.next().await;
    assert_eq!(batch.sequence_numbers(), ["1", "2"]);
    assert_eq!(started.elapsed(), window);
}

/// "Using AWS Lambda with Amazon DynamoDB", polling and batching streams: a full batch does not wait for the window.
#[tokio::test(start_paused = true)]
async fn a_full_batch_does_not_wait_for_the_window() {
    let window = Duration::from_secs(300);
    let settings =
        StreamSettings { maximum_batching_window: window, batch_size: 2, ..StreamSettings::default() };
    let mut setup = start(settings, &[(1, "a"), (2, "b")]).await;
    let started = tokio::time::Instant::now();
    assert_eq!(setup.calls.next().await.sequence_numbers(), ["1", "2"]);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

/// "Lambda quotas": the payload of a synchronous invocation is at most 6 MB, so a batch is cut before it.
#[tokio::test(start_paused = true)]
async fn a_batch_stays_under_six_megabytes() {
    let mut setup = start(StreamSettings::default(), &[]).await;
    let large = |number| {
        let mut record = record(number, "a");
        record.event["dynamodb"]["NewImage"] = serde_json::json!({ "text": { "S": "x".repeat(2_500_000) } });
        record
    };
    setup.stream.write(SHARD, [large(1), large(2), large(3)]);
    let first = setup.calls.next().await;
    assert_eq!(first.sequence_numbers(), ["1", "2"]);
    first.succeed();
    assert_eq!(setup.calls.next().await.sequence_numbers(), ["3"]);
}

/// "Using AWS Lambda with Amazon DynamoDB", `ParallelizationFactor`: batches of one shard run at once, while records of one
/// item stay in order.
#[tokio::test(start_paused = true)]
async fn parallel_batches_keep_the_order_of_each_item() {
    let settings = StreamSettings { parallelization_factor: 10, batch_size: 1, ..StreamSettings::default() };
    let keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let records: Vec<_> = (0..24_u64).map(|n| (n, keys[(n % 8) as usize])).collect();
    let mut setup = start(settings, &records).await;
    let mut running = vec![setup.calls.next().await, setup.calls.next().await];
    let mut seen: Vec<(String, u64)> = Vec::new();
    while seen.len() < 24 {
        let call = match running.pop() {
            Some(call) => call,
            None => setup.calls.next().await,
        };
        let key = call.records()[0]["dynamodb"]["Keys"]["id"]["S"].as_str().unwrap().to_owned();
        seen.push((key, call.sequence_numbers()[0].parse().unwrap()));
        call.succeed();
    }
    for key in keys {
        let numbers: Vec<_> = seen.iter().filter(|(k, _)| k == key).map(|(_, n)| *n).collect();
        assert!(numbers.is_sorted(), "{key}: {numbers:?}");
        assert_eq!(numbers.len(), 3);
    }
}

/// "Using AWS Lambda with Amazon DynamoDB", `ParallelizationFactor`: an item that fails holds up its own lane only.
#[tokio::test(start_paused = true)]
async fn a_failing_item_does_not_hold_up_other_lanes() {
    let settings = StreamSettings { parallelization_factor: 10, batch_size: 1, ..StreamSettings::default() };
    let mut setup = start(settings, &[(1, "a"), (2, "b"), (3, "b")]).await;
    let mut others = 0;
    while others < 2 {
        let call = setup.calls.next().await;
        if call.sequence_numbers() == ["1"] {
            call.fail();
        } else {
            others += 1;
            call.succeed();
        }
    }
    let mut progress = setup.mapping.progress();
    let progress = progress.wait_for(|p| p.succeeded == 2).await.unwrap();
    assert_eq!(progress.outstanding(), 1);
}

/// "Using event filtering with a DynamoDB event source": a record no filter matches is passed over without an invocation.
#[tokio::test(start_paused = true)]
async fn records_no_filter_matches_are_passed_over() {
    let filter = FilterCriteria::from_patterns(&[
        r#"{"eventName":["INSERT"]}"#,
        r#"{"dynamodb":{"Keys":{"id":{"S":[{"prefix":"x"}]}}}}"#,
    ])
    .unwrap();
    let mut setup = start_filtered(StreamSettings::default(), filter, &[(1, "a"), (2, "x1")]).await;
    setup
        .stream
        .write(SHARD, [record(3, "b"), named_record(4, "b", "INSERT"), named_record(5, "b", "REMOVE")]);
    let batch = setup.calls.next().await;
    assert_eq!(batch.sequence_numbers(), ["2", "4"]);
    batch.succeed();
    setup.settled(5).await;
    assert_eq!(setup.mapping.progress().borrow().filtered, 3);
    assert_eq!(setup.mapping.stop().await[SHARD], "5");
}

/// "Lambda event filtering": at most five filters.
#[test]
fn a_sixth_filter_is_refused() {
    assert!(FilterCriteria::from_patterns(&["{}"; 5]).is_ok());
    assert!(FilterCriteria::from_patterns(&["{}"; 6]).is_err());
}

/// "Using AWS Lambda with Amazon DynamoDB", polling and stream starting positions: `LATEST` sees only what is written later.
#[tokio::test(start_paused = true)]
async fn latest_begins_with_what_is_written_after_the_start() {
    let settings =
        StreamSettings { starting_position: StartingPosition::Latest, ..StreamSettings::default() };
    let mut setup = start(settings, &[(1, "a")]).await;
    setup.stream.write(SHARD, [record(2, "a")]);
    assert_eq!(setup.calls.next().await.sequence_numbers(), ["2"]);
}

/// "Change data capture for DynamoDB Streams", reading and processing a stream: a parent shard is processed before its
/// children.
#[tokio::test(start_paused = true)]
async fn a_child_shard_is_read_after_its_parent_is_done() {
    let mut setup = start(StreamSettings::default(), &[(1, "a")]).await;
    setup.stream.add_shard("shardId-2", Some(SHARD));
    setup.stream.write("shardId-2", [record(2, "a")]);
    setup.stream.close(SHARD);
    let parent = setup.calls.next().await;
    assert_eq!(parent.sequence_numbers(), ["1"]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(setup.calls.try_next().is_none());
    parent.succeed();
    let child = setup.calls.next().await;
    assert_eq!(child.sequence_numbers(), ["2"]);
    child.succeed();
    setup.settled(2).await;
}

/// Reading goes on after an error of the stream, without losing or repeating a record.
#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_for_a_while_loses_nothing() {
    let mut setup = start(StreamSettings::default(), &[(1, "a")]).await;
    let first = setup.calls.next().await;
    first.succeed();
    setup.stream.fail_reads(SHARD, 3);
    setup.stream.write(SHARD, [record(2, "a")]);
    let second = setup.calls.next().await;
    assert_eq!(second.sequence_numbers(), ["2"]);
    second.succeed();
    setup.settled(2).await;
}

/// Stopping waits for the invocation that is under way; what was read but not done stays behind the checkpoint.
#[tokio::test(start_paused = true)]
async fn stopping_ends_the_invocation_under_way_and_loses_nothing() {
    let settings = StreamSettings { batch_size: 2, ..StreamSettings::default() };
    let mut setup = start(settings, &[(1, "a"), (2, "a"), (3, "a")]).await;
    let call = setup.calls.next().await;
    let stopping = tokio::spawn(setup.mapping.stop());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!stopping.is_finished());
    call.succeed();
    assert_eq!(stopping.await.unwrap()[SHARD], "2");
    assert!(setup.calls.try_next().is_none());
}
