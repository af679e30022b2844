//! Stream mappings: what happens to a batch that fails.

use std::time::Duration;

use local_events::mapping::stream::StreamSettings;
use local_events::sqs::Receive;
use serde_json::{Value, json};

use crate::fakes::{START_MS, record};
use crate::stream::{SHARD, Setup, start};

fn reporting() -> StreamSettings {
    StreamSettings { report_batch_item_failures: true, ..StreamSettings::default() }
}

fn with_destination(settings: StreamSettings) -> StreamSettings {
    let on_failure = Some("arn:aws:sqs:eu-central-1:000000000000:failures".to_owned());
    StreamSettings { on_failure, ..settings }
}

async fn failure_record(setup: &Setup) -> Value {
    let wait = Some(Duration::from_secs(20));
    let received = setup.queues.receive("failures", Receive { wait, ..Receive::default() }).await.unwrap();
    serde_json::from_str(&received.first().expect("no record of a failure").body).unwrap()
}

/// "Using AWS Lambda with Amazon DynamoDB": a batch that fails is retried whole and holds up its shard meanwhile.
#[tokio::test(start_paused = true)]
async fn a_failed_batch_is_retried_whole_before_anything_else() {
    let settings = StreamSettings { batch_size: 2, ..StreamSettings::default() };
    let mut setup = start(settings, &[(1, "a"), (2, "b"), (3, "c")]).await;
    for _ in 0..5 {
        let call = setup.calls.next().await;
        assert_eq!(call.sequence_numbers(), ["1", "2"]);
        call.fail();
    }
    setup.calls.next().await.succeed();
    let call = setup.calls.next().await;
    assert_eq!(call.sequence_numbers(), ["3"]);
    call.succeed();
    setup.settled(3).await;
}

/// "Configuring partial batch response with DynamoDB and Lambda": the lowest reported sequence number is the checkpoint.
#[tokio::test(start_paused = true)]
async fn a_batch_is_retried_from_the_lowest_reported_sequence_number() {
    let mut setup = start(reporting(), &[(8, "a"), (9, "b"), (10, "c"), (11, "d")]).await;
    setup.calls.next().await.report(&["11", "9"]);
    let call = setup.calls.next().await;
    assert_eq!(call.sequence_numbers(), ["9", "10", "11"]);
    assert_eq!(setup.mapping.progress().borrow().succeeded, 1);
    call.report(&[]);
    setup.settled(4).await;
}

/// "Configuring partial batch response with DynamoDB and Lambda", success and failure conditions: empty and null lists and
/// empty and null responses are complete successes.
#[tokio::test(start_paused = true)]
async fn empty_and_null_reports_are_success() {
    let settings = StreamSettings { batch_size: 1, ..reporting() };
    let mut setup = start(settings, &[(1, "a"), (2, "a"), (3, "a"), (4, "a")]).await;
    let answers =
        [json!({ "batchItemFailures": [] }), json!({ "batchItemFailures": null }), json!({}), json!(null)];
    for answer in answers {
        setup.calls.next().await.answer(&answer);
    }
    setup.settled(4).await;
    assert_eq!(setup.mapping.progress().borrow().failed_invocations, 0);
}

/// "Configuring partial batch response with DynamoDB and Lambda", success and failure conditions: an identifier that is
/// empty, null, under a wrong key or of no record in the batch is a complete failure.
#[tokio::test(start_paused = true)]
async fn unusable_identifiers_fail_the_whole_batch() {
    let mut setup = start(reporting(), &[(1, "a"), (2, "b")]).await;
    let items = [
        json!({ "itemIdentifier": "" }),
        json!({ "itemIdentifier": null }),
        json!({ "item": "2" }),
        json!({ "itemIdentifier": "99" }),
    ];
    for item in items {
        let call = setup.calls.next().await;
        assert_eq!(call.sequence_numbers(), ["1", "2"]);
        call.answer(&json!({ "batchItemFailures": [{ "itemIdentifier": "2" }, item] }));
    }
    let call = setup.calls.next().await;
    assert_eq!(call.sequence_numbers(), ["1", "2"]);
    call.report(&[]);
    setup.settled(2).await;
}

/// "Configuring partial batch response with DynamoDB and Lambda": a report counts only where `ReportBatchItemFailures` is on.
#[tokio::test(start_paused = true)]
async fn a_report_is_ignored_where_it_is_not_turned_on() {
    let mut setup = start(StreamSettings::default(), &[(1, "a")]).await;
    setup.calls.next().await.report(&["1"]);
    setup.settled(1).await;
}

/// "Retain discarded records for a DynamoDB event source in Lambda": after `MaximumRetryAttempts` retries the records are
/// discarded, the destination gets their place in the stream, and the shard goes on.
#[tokio::test(start_paused = true)]
async fn exhausted_records_go_to_the_failure_destination_as_metadata() {
    let settings =
        StreamSettings { maximum_retry_attempts: Some(2), batch_size: 2, ..StreamSettings::default() };
    let mut setup = start(with_destination(settings), &[(1, "a"), (2, "b"), (3, "c")]).await;
    for _ in 0..3 {
        setup.calls.next().await.fail();
    }
    let call = setup.calls.next().await;
    assert_eq!(call.sequence_numbers(), ["3"]);
    call.succeed();
    setup.settled(3).await;
    let mut message = failure_record(&setup).await;
    assert!(message["requestContext"]["requestId"].take().is_string());
    assert!(message["timestamp"].take().as_str().unwrap().starts_with("2025-11-20T09:30:00."));
    assert_eq!(
        message,
        json!({
            "requestContext": {
                "requestId": null,
                "functionArn": "arn:aws:lambda:eu-central-1:000000000000:function:fake",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 3,
            },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "version": "1.0",
            "timestamp": null,
            "DDBStreamBatchInfo": {
                "shardId": SHARD,
                "startSequenceNumber": "1",
                "endSequenceNumber": "2",
                "approximateArrivalOfFirstRecord": "2025-11-20T09:30:00Z",
                "approximateArrivalOfLastRecord": "2025-11-20T09:30:00Z",
                "batchSize": 2,
                "streamArn":
                    "arn:aws:dynamodb:eu-central-1:000000000000:table/products/stream/2026-11-20T00:00:00.000",
            },
        })
    );
}

/// "Configuring partial batch response with DynamoDB and Lambda": what is discarded begins at the checkpoint, and the
/// function itself did not fail.
#[tokio::test(start_paused = true)]
async fn only_records_from_the_checkpoint_on_are_discarded() {
    let settings = StreamSettings { maximum_retry_attempts: Some(1), ..reporting() };
    let mut setup = start(with_destination(settings), &[(1, "a"), (2, "b"), (3, "c")]).await;
    setup.calls.next().await.report(&["2"]);
    let call = setup.calls.next().await;
    assert_eq!(call.sequence_numbers(), ["2", "3"]);
    call.report(&["2"]);
    setup.settled(3).await;
    let message = failure_record(&setup).await;
    assert_eq!(message["DDBStreamBatchInfo"]["startSequenceNumber"], "2");
    assert_eq!(message["DDBStreamBatchInfo"]["batchSize"], 2);
    assert_eq!(message["responseContext"].get("functionError"), None);
}

/// "Lambda parameters for Amazon DynamoDB event source mappings": with `MaximumRetryAttempts` 0 a failed batch is discarded
/// at once.
#[tokio::test(start_paused = true)]
async fn zero_retry_attempts_discard_after_the_first_failure() {
    let settings = StreamSettings { maximum_retry_attempts: Some(0), ..StreamSettings::default() };
    let mut setup = start(settings, &[(1, "a")]).await;
    setup.calls.next().await.fail();
    setup.settled(1).await;
    assert_eq!(setup.mapping.progress().borrow().discarded, 1);
}

/// "Retain discarded records for a DynamoDB event source in Lambda", during invocation: a failed batch is split in two, in
/// order, and splitting uses up no retry.
#[tokio::test(start_paused = true)]
async fn bisecting_isolates_the_bad_record_without_using_retries() {
    let settings = StreamSettings {
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: Some(1),
        ..StreamSettings::default()
    };
    let mut setup = start(with_destination(settings), &[(1, "a"), (2, "b"), (3, "c"), (4, "d")]).await;
    let mut batches = Vec::new();
    while setup.mapping.progress().borrow().outstanding() > 0 || batches.is_empty() {
        let call = setup.calls.next().await;
        let numbers = call.sequence_numbers().join(",");
        if numbers.contains('3') {
            call.fail();
        } else {
            call.succeed();
        }
        batches.push(numbers);
        // Lets the mapping take the answer in before the progress is looked at.
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    assert_eq!(batches, ["1,2,3,4", "1,2", "3,4", "3", "3", "4"]);
    let message = failure_record(&setup).await;
    assert_eq!(message["DDBStreamBatchInfo"]["startSequenceNumber"], "3");
    assert_eq!(message["DDBStreamBatchInfo"]["batchSize"], 1);
}

/// "Configuring partial batch response with DynamoDB and Lambda", bisecting a batch: with a report the batch is split at the
/// reported sequence number and only the remainder is retried.
#[tokio::test(start_paused = true)]
async fn a_report_splits_the_batch_where_it_says() {
    let settings = StreamSettings { bisect_batch_on_function_error: true, ..reporting() };
    let mut setup = start(settings, &[(1, "a"), (2, "b"), (3, "c"), (4, "d")]).await;
    setup.calls.next().await.report(&["2"]);
    let call = setup.calls.next().await;
    assert_eq!(call.sequence_numbers(), ["2", "3", "4"]);
    call.fail();
    let call = setup.calls.next().await;
    assert_eq!(call.sequence_numbers(), ["2"]);
    call.report(&[]);
    let call = setup.calls.next().await;
    assert_eq!(call.sequence_numbers(), ["3", "4"]);
    call.report(&[]);
    setup.settled(4).await;
}

/// "Configuring partial batch response with DynamoDB and Lambda", bisecting a batch, and "Retain discarded records for a
/// DynamoDB event source in Lambda": a split at the reported sequence number uses up no retry either.
#[tokio::test(start_paused = true)]
async fn a_split_at_the_reported_record_uses_up_no_retry() {
    let settings = StreamSettings {
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: Some(1),
        ..reporting()
    };
    let mut setup = start(settings, &[(1, "a"), (2, "b")]).await;
    for expected in [&["1", "2"][..], &["2"], &["2"]] {
        let call = setup.calls.next().await;
        assert_eq!(call.sequence_numbers(), expected);
        call.report(&["2"]);
    }
    setup.settled(2).await;
    assert_eq!(setup.mapping.progress().borrow().discarded, 1);
}

/// "Configuring partial batch response with DynamoDB and Lambda": a batch that gets further each time is not given up; the
/// retries are counted for the record that fails.
#[tokio::test(start_paused = true)]
async fn progress_within_a_batch_renews_its_retries() {
    let settings = StreamSettings { maximum_retry_attempts: Some(1), ..reporting() };
    let mut setup = start(settings, &[(1, "a"), (2, "b"), (3, "c")]).await;
    for failing in ["1", "2", "3"] {
        setup.calls.next().await.report(&[failing]);
    }
    setup.calls.next().await.report(&[]);
    setup.settled(3).await;
    assert_eq!(setup.mapping.progress().borrow().discarded, 0);
}

/// "Retain discarded records for a DynamoDB event source in Lambda", before invocation: throttling is retried until the
/// records are too old, and uses up no retry.
#[tokio::test(start_paused = true)]
async fn throttling_uses_up_no_retry() {
    let settings = StreamSettings { maximum_retry_attempts: Some(0), ..StreamSettings::default() };
    let mut setup = start(settings, &[(1, "a")]).await;
    for _ in 0..5 {
        setup.calls.next().await.throttle();
    }
    setup.calls.next().await.succeed();
    setup.settled(1).await;
    assert_eq!(setup.mapping.progress().borrow().throttles, 5);
}

/// "Lambda parameters for Amazon DynamoDB event source mappings": `MaximumRecordAgeInSeconds` discards what is older, before
/// a first invocation too.
#[tokio::test(start_paused = true)]
async fn records_beyond_the_maximum_age_are_discarded() {
    let settings =
        StreamSettings { maximum_record_age: Some(Duration::from_secs(60)), ..StreamSettings::default() };
    let mut setup = start(with_destination(settings), &[]).await;
    let mut old = record(1, "a");
    old.created_ms = START_MS - 60_001;
    setup.stream.write(SHARD, [old, record(2, "b")]);
    let call = setup.calls.next().await;
    assert_eq!(call.sequence_numbers(), ["2"]);
    call.succeed();
    setup.settled(2).await;
    let message = failure_record(&setup).await;
    assert_eq!(message["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(message["requestContext"]["approximateInvokeCount"], 0);
    assert_eq!(message["DDBStreamBatchInfo"]["endSequenceNumber"], "1");
}

/// "Lambda parameters for Amazon DynamoDB event source mappings": without limits a failing record is retried until the
/// stream drops it after 24 hours.
#[tokio::test(start_paused = true)]
async fn without_limits_a_record_is_retried_for_a_day() {
    let settings = StreamSettings { poll_interval: Duration::from_secs(60), ..StreamSettings::default() };
    let mut setup = start(settings, &[(1, "a")]).await;
    let started = tokio::time::Instant::now();
    let mut progress = setup.mapping.progress();
    loop {
        tokio::select! {
            call = setup.calls.next() => call.fail(),
            discarded = progress.wait_for(|p| p.discarded == 1) => break drop(discarded.unwrap()),
        }
    }
    let day = Duration::from_secs(24 * 3_600);
    assert!((day..day + Duration::from_secs(11)).contains(&started.elapsed()), "{:?}", started.elapsed());
}

/// Retries wait longer each time, up to the configured limit.
#[tokio::test(start_paused = true)]
async fn retries_back_off() {
    let mut setup = start(StreamSettings::default(), &[(1, "a")]).await;
    let mut waits = Vec::new();
    setup.calls.next().await.fail();
    for _ in 0..8 {
        let failed = tokio::time::Instant::now();
        setup.calls.next().await.fail();
        waits.push(failed.elapsed().as_millis());
    }
    assert_eq!(waits, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
}
