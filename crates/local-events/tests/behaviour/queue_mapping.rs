//! Queue mappings.

use std::sync::Arc;
use std::time::Duration;

use local_events::bus::{EventBridge, PutEventsEntry, Rule};
use local_events::mapping::queue::{QueueMapping, QueueMappingParts, QueueSettings};
use local_events::pattern::{EventPattern, FilterCriteria};
use local_events::sqs::{AttributeValue, Depth, MessageAttribute, Queues, Receive, SendMessage};
use local_events::{Region, WallClock};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fakes::{Calls, START_MS, function};
use crate::sqs::map;

struct Setup {
    queues: Arc<Queues>,
    calls: Calls,
    mapping: QueueMapping,
}

fn start(settings: QueueSettings, bodies: &[&str]) -> Setup {
    start_with(settings, FilterCriteria::default(), &[], bodies)
}

fn start_with(
    settings: QueueSettings,
    filter: FilterCriteria,
    attributes: &[(&str, &str)],
    bodies: &[&str],
) -> Setup {
    let clock = WallClock::starting_at(START_MS);
    let queues = Arc::new(Queues::new(Region::default(), "http://127.0.0.1:1", clock));
    queues.create("dead", &map(&[])).unwrap();
    queues.create("q", &map(attributes)).unwrap();
    for body in bodies {
        queues.send("q", SendMessage::new(*body)).unwrap();
    }
    let (function, calls) = function();
    let parts = QueueMappingParts { queues: queues.clone(), queue: "q".into(), function, settings, filter };
    Setup { queues, calls, mapping: QueueMapping::start(parts).unwrap() }
}

impl Setup {
    fn send(&self, body: &str) {
        self.queues.send("q", SendMessage::new(body)).unwrap();
    }

    async fn empty(&self) {
        self.queues.wait_until("q", Depth::is_empty).await.unwrap();
    }
}

fn reporting() -> QueueSettings {
    QueueSettings { report_batch_item_failures: true, ..QueueSettings::default() }
}

fn message_ids(call: &crate::fakes::Call) -> Vec<String> {
    call.records().iter().map(|record| record["messageId"].as_str().unwrap().to_owned()).collect()
}

/// "Using Lambda with Amazon SQS": the shape of a record, and that a batch is deleted when the function succeeds.
#[tokio::test(start_paused = true)]
async fn a_batch_is_delivered_in_the_documented_shape_and_deleted() {
    let mut setup = start(QueueSettings::default(), &[]);
    let attribute = |data_type: &str, value| MessageAttribute { data_type: data_type.into(), value };
    let attributes = [
        ("count".to_owned(), attribute("Number", AttributeValue::Text("7".into()))),
        ("raw".to_owned(), attribute("Binary", AttributeValue::Binary(vec![1, 2].into()))),
    ];
    let message = SendMessage { attributes: attributes.into(), ..SendMessage::new("hello") };
    let sent = setup.queues.send("q", message).unwrap();
    let call = setup.calls.next().await;
    let mut event = call.event.clone();
    assert!(event["Records"][0]["receiptHandle"].take().is_string());
    assert_eq!(
        event,
        json!({ "Records": [{
            "messageId": sent.message_id,
            "receiptHandle": null,
            "body": "hello",
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": START_MS.to_string(),
                "SenderId": "000000000000",
                "ApproximateFirstReceiveTimestamp": START_MS.to_string(),
            },
            "messageAttributes": {
                "count": {
                    "stringValue": "7", "stringListValues": [], "binaryListValues": [], "dataType": "Number",
                },
                "raw": {
                    "binaryValue": "AQI=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary",
                },
            },
            "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
            "md5OfMessageAttributes": sent.md5_of_attributes,
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:q",
            "awsRegion": "eu-central-1",
        }] })
    );
    assert_eq!(setup.queues.depth("q").unwrap().in_flight, 1);
    call.succeed();
    setup.empty().await;
}

/// "Lambda parameters for Amazon SQS event source mappings": a batch holds at most `BatchSize` messages, ten by default.
#[tokio::test(start_paused = true)]
async fn a_batch_holds_at_most_batch_size_messages() {
    let bodies: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let mut setup = start(QueueSettings::default(), &bodies);
    assert_eq!(setup.calls.next().await.bodies().len(), 10);
    assert_eq!(setup.calls.next().await.bodies().len(), 2);
}

/// "Using Lambda with Amazon SQS", polling and batching: messages are gathered until the window ends.
#[tokio::test(start_paused = true)]
async fn a_window_gathers_messages_until_it_ends() {
    let window = Duration::from_secs(20);
    let settings = QueueSettings { maximum_batching_window: window, ..QueueSettings::default() };
    let mut setup = start(settings, &["1"]);
    let started = Instant::now();
    tokio::time::sleep(Duration::from_secs(15)).await;
    setup.send("2");
    assert_eq!(setup.calls.next().await.bodies(), ["1", "2"]);
    assert_eq!(started.elapsed(), window);
}

/// "Using Lambda with Amazon SQS", configuring a queue: the visibility time-out should be longer than the window. Where it is
/// not, a message is received anew while it is gathered; it stands in the batch once and is deleted with it.
#[tokio::test(start_paused = true)]
async fn a_window_longer_than_the_visibility_time_out_gathers_a_message_once() {
    let settings =
        QueueSettings { maximum_batching_window: Duration::from_secs(100), ..QueueSettings::default() };
    let mut setup = start(settings, &["1"]);
    let call = setup.calls.next().await;
    assert_eq!(call.bodies(), ["1"]);
    assert_eq!(call.records()[0]["attributes"]["ApproximateReceiveCount"], "4");
    call.succeed();
    setup.empty().await;
}

/// "Using Lambda with Amazon SQS", polling and batching: a full batch does not wait for the window, and may be larger than
/// one receive.
#[tokio::test(start_paused = true)]
async fn a_full_batch_goes_out_before_the_window_ends() {
    let settings = QueueSettings {
        batch_size: 25,
        maximum_batching_window: Duration::from_secs(300),
        ..QueueSettings::default()
    };
    let mut setup = start(settings, &["x"; 30]);
    let started = Instant::now();
    assert_eq!(setup.calls.next().await.bodies().len(), 25);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

/// "Lambda quotas": a batch stays under the 6 MB of a synchronous invocation; the rest makes the next one.
#[tokio::test(start_paused = true)]
async fn a_batch_stays_under_six_megabytes() {
    let body = "x".repeat(1_000_000);
    let mut setup = start(QueueSettings::default(), &[body.as_str(); 8]);
    let first = setup.calls.next().await;
    assert_eq!(first.bodies().len(), 6);
    let second = setup.calls.next().await;
    assert_eq!(second.bodies().len(), 2);
}

/// "Using Lambda with Amazon SQS": when the function fails the whole batch is visible again after the visibility time-out.
#[tokio::test(start_paused = true)]
async fn a_failed_batch_comes_back_after_the_visibility_time_out() {
    let mut setup = start(QueueSettings::default(), &["1", "2"]);
    let started = Instant::now();
    setup.calls.next().await.fail();
    let call = setup.calls.next().await;
    assert_eq!(started.elapsed(), Duration::from_secs(30));
    assert_eq!(call.bodies(), ["1", "2"]);
    assert_eq!(call.records()[0]["attributes"]["ApproximateReceiveCount"], "2");
    call.succeed();
    setup.empty().await;
}

/// "Handling errors for an SQS event source in Lambda", partial batch responses: only the reported messages come back.
#[tokio::test(start_paused = true)]
async fn only_reported_messages_come_back() {
    let mut setup = start(reporting(), &["1", "2", "3"]);
    let call = setup.calls.next().await;
    let ids = message_ids(&call);
    call.report(&[&ids[1]]);
    let call = setup.calls.next().await;
    assert_eq!(call.bodies(), ["2"]);
    call.report(&[]);
    setup.empty().await;
    let progress = *setup.mapping.progress().borrow();
    assert_eq!((progress.succeeded, progress.returned, progress.failed_invocations), (3, 1, 1));
}

/// "Handling errors for an SQS event source in Lambda", success and failure conditions: empty and null answers succeed.
#[tokio::test(start_paused = true)]
async fn empty_and_null_reports_are_success() {
    let mut setup = start(reporting(), &[]);
    for answer in
        [json!({ "batchItemFailures": [] }), json!({ "batchItemFailures": null }), json!({}), Value::Null]
    {
        setup.send("x");
        setup.calls.next().await.answer(&answer);
        setup.empty().await;
    }
}

/// "Handling errors for an SQS event source in Lambda", success and failure conditions: an identifier that is empty, null,
/// under a wrong key or of no message in the batch fails the whole batch.
#[tokio::test(start_paused = true)]
async fn unusable_identifiers_fail_the_whole_batch() {
    let mut setup = start(reporting(), &["1", "2"]);
    for item in [
        json!({ "itemIdentifier": "" }),
        json!({ "itemIdentifier": null }),
        json!({ "messageId": "x" }),
        json!({ "itemIdentifier": "of-no-message" }),
    ] {
        let call = setup.calls.next().await;
        assert_eq!(call.bodies(), ["1", "2"]);
        let first = message_ids(&call).remove(0);
        call.answer(&json!({ "batchItemFailures": [{ "itemIdentifier": first }, item] }));
    }
    let call = setup.calls.next().await;
    assert_eq!(call.bodies(), ["1", "2"]);
    call.report(&[]);
    setup.empty().await;
}

/// "Using dead-letter queues in Amazon SQS": a message that keeps failing ends in the dead-letter queue.
#[tokio::test(start_paused = true)]
async fn a_message_that_keeps_failing_ends_in_the_dead_letter_queue() {
    let policy =
        r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:000000000000:dead","maxReceiveCount":3}"#;
    let mut setup =
        start_with(reporting(), FilterCriteria::default(), &[("RedrivePolicy", policy)], &["poison", "fine"]);
    for attempt in 0..3 {
        let call = setup.calls.next().await;
        let poison = message_ids(&call).remove(0);
        assert_eq!(call.bodies().len(), if attempt == 0 { 2 } else { 1 });
        call.report(&[&poison]);
    }
    setup.queues.wait_until("dead", |depth| depth.visible == 1).await.unwrap();
    assert!(setup.queues.depth("q").unwrap().is_empty());
    assert!(setup.calls.try_next().is_none());
}

/// "Configuring scaling behavior for SQS event source mappings", maximum concurrency: no more batches are in work at once,
/// and the others stay visible in the queue.
#[tokio::test(start_paused = true)]
async fn maximum_concurrency_bounds_the_batches_in_work() {
    let settings = QueueSettings { batch_size: 1, maximum_concurrency: Some(2), ..QueueSettings::default() };
    let mut setup = start(settings, &["1", "2", "3", "4"]);
    let first = setup.calls.next().await;
    let second = setup.calls.next().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(setup.calls.try_next().is_none());
    assert_eq!(setup.queues.depth("q").unwrap(), Depth { visible: 2, in_flight: 2, delayed: 0 });
    first.succeed();
    let third = setup.calls.next().await;
    assert_eq!(third.bodies(), ["3"]);
    second.succeed();
    third.succeed();
    setup.calls.next().await.succeed();
    setup.empty().await;
}

/// "Using event filtering with an Amazon SQS event source": what does not match is deleted. A pattern for a JSON body drops
/// plain text, and the other way round.
#[tokio::test(start_paused = true)]
async fn messages_that_do_not_match_are_deleted() {
    let json_body =
        FilterCriteria::from_patterns(&[r#"{"body":{"code":["B"],"n":[{"numeric":[">",9]}]}}"#]).unwrap();
    let bodies = [r#"{"code":"A","n":10}"#, r#"{"code":"B","n":10}"#, r#"{"code":"B","n":1}"#, "B"];
    let mut setup = start_with(QueueSettings::default(), json_body, &[], &bodies);
    let call = setup.calls.next().await;
    assert_eq!(call.bodies(), [bodies[1]]);
    call.succeed();
    setup.empty().await;
    assert_eq!(setup.mapping.progress().borrow().filtered, 3);

    let plain_body = FilterCriteria::from_patterns(&[r#"{"body":[{"prefix":"Result: "}]}"#]).unwrap();
    let mut setup = start_with(QueueSettings::default(), plain_body, &[], &[r#"{"a":1}"#, "Result: 1"]);
    let call = setup.calls.next().await;
    assert_eq!(call.bodies(), ["Result: 1"]);
    call.succeed();
    setup.empty().await;
}

/// "Handling errors for an SQS event source in Lambda", backoff strategy: a throttled invocation is retried without being a
/// receive, but not beyond the visibility time-out.
#[tokio::test(start_paused = true)]
async fn throttled_batches_are_retried_within_the_visibility_time_out() {
    let mut setup = start(QueueSettings::default(), &["1"]);
    setup.calls.next().await.throttle();
    let call = setup.calls.next().await;
    assert_eq!(call.records()[0]["attributes"]["ApproximateReceiveCount"], "1");
    call.throttle();
    let mut receive_counts = Vec::new();
    while receive_counts.len() < 20 {
        let call = setup.calls.next().await;
        receive_counts.push(call.records()[0]["attributes"]["ApproximateReceiveCount"].to_string());
        call.throttle();
    }
    assert!(receive_counts.is_sorted(), "an outdated delivery went on: {receive_counts:?}");
    assert!(receive_counts.last().unwrap() > receive_counts.first().unwrap());
    setup.calls.next().await.succeed();
    setup.empty().await;
}

/// Stopping waits for invocations under way, and gives back at once what was gathered.
#[tokio::test(start_paused = true)]
async fn stopping_ends_invocations_and_gives_back_what_was_gathered() {
    let settings = QueueSettings {
        batch_size: 2,
        maximum_batching_window: Duration::from_secs(300),
        ..QueueSettings::default()
    };
    let Setup { queues, mut calls, mapping } = start(settings, &["1", "2", "3"]);
    let call = calls.next().await;
    queues.wait_until("q", |depth| depth.in_flight == 3).await.unwrap();
    let stopping = tokio::spawn(mapping.stop());
    queues.wait_until("q", |depth| depth.visible == 1).await.unwrap();
    assert!(!stopping.is_finished());
    call.succeed();
    stopping.await.unwrap();
    let left = queues.receive("q", Receive { max: 10, ..Receive::default() }).await.unwrap();
    assert_eq!(left.iter().map(|message| message.body.as_str()).collect::<Vec<_>>(), ["3"]);
}

/// From the bus through a rule and a delayed queue to the function.
#[tokio::test(start_paused = true)]
async fn an_event_travels_from_the_bus_to_the_function() {
    let mut setup =
        start_with(QueueSettings::default(), FilterCriteria::default(), &[("DelaySeconds", "5")], &[]);
    let clock = WallClock::starting_at(START_MS);
    let events = EventBridge::new(Region::default(), setup.queues.clone(), clock);
    let pattern = EventPattern::parse(&json!({ "detail-type": ["ProductUpdated"] })).unwrap();
    let targets = vec![setup.queues.arn_of("q").unwrap()];
    events.put_rule("default", Rule { name: "r".into(), pattern, targets }).unwrap();
    let started = Instant::now();
    let entry = PutEventsEntry {
        source: Some("shop".into()),
        detail_type: Some("ProductUpdated".into()),
        detail: Some(r#"{"version":7}"#.into()),
        ..PutEventsEntry::default()
    };
    events.put_events(vec![entry]).unwrap();
    let call = setup.calls.next().await;
    assert_eq!(started.elapsed(), Duration::from_secs(5));
    let event: Value = serde_json::from_str(call.bodies()[0]).unwrap();
    assert_eq!(event["detail"]["version"], 7);
    call.succeed();
    setup.empty().await;
}
