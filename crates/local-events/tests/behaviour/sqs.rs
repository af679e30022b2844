//! Queues, used in process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use local_events::sqs::{Depth, Queues, Receive, ReceivedMessage, SendMessage, SqsError};
use local_events::{Region, WallClock};

use crate::fakes::START_MS;

fn queues() -> Arc<Queues> {
    let clock = WallClock::starting_at(START_MS);
    Arc::new(Queues::new(Region::default(), "http://127.0.0.1:9324", clock))
}

fn with_queue(attributes: &[(&str, &str)]) -> Arc<Queues> {
    let queues = queues();
    queues.create("q", &map(attributes)).unwrap();
    queues
}

pub fn map(attributes: &[(&str, &str)]) -> BTreeMap<String, String> {
    attributes.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn send(queues: &Queues, body: &str) {
    queues.send("q", SendMessage::new(body)).unwrap();
}

async fn receive(queues: &Queues, queue: &str) -> Vec<ReceivedMessage> {
    queues.receive(queue, Receive { max: 10, ..Receive::default() }).await.unwrap()
}

async fn receive_one(queues: &Queues) -> ReceivedMessage {
    let mut received = receive(queues, "q").await;
    assert_eq!(received.len(), 1, "{received:?}");
    received.remove(0)
}

async fn bodies(queues: &Queues) -> Vec<String> {
    receive(queues, "q").await.into_iter().map(|message| message.body).collect()
}

/// "Amazon SQS visibility timeout": a received message is hidden for the time-out, then comes back with a higher receive count.
#[tokio::test(start_paused = true)]
async fn a_received_message_comes_back_after_the_visibility_time_out() {
    let queues = with_queue(&[]);
    send(&queues, "hello");
    let first = receive_one(&queues).await;
    assert_eq!((first.receive_count, first.sent_ms), (1, START_MS));
    tokio::time::advance(Duration::from_millis(29_999)).await;
    assert!(bodies(&queues).await.is_empty());
    tokio::time::advance(Duration::from_millis(1)).await;
    let second = receive_one(&queues).await;
    assert_eq!(second.message_id, first.message_id);
    assert_eq!((second.receive_count, second.first_received_ms), (2, START_MS));
    assert_ne!(second.receipt_handle, first.receipt_handle);
}

/// "DeleteMessage": the handle of the latest receive deletes; an older one succeeds without deleting.
#[tokio::test(start_paused = true)]
async fn only_the_latest_receipt_handle_deletes() {
    let queues = with_queue(&[("VisibilityTimeout", "0")]);
    send(&queues, "hello");
    let first = receive_one(&queues).await;
    let second = receive_one(&queues).await;
    queues.delete("q", &first.receipt_handle).unwrap();
    assert_eq!(queues.depth("q").unwrap().visible, 1);
    queues.delete("q", &second.receipt_handle).unwrap();
    assert!(queues.depth("q").unwrap().is_empty());
    queues.delete("q", &second.receipt_handle).unwrap();
    assert!(matches!(queues.delete("q", "nonsense"), Err(SqsError::ReceiptHandleIsInvalid(_))));
}

/// "ReceiveMessage": the time-out of the request replaces that of the queue.
#[tokio::test(start_paused = true)]
async fn a_receive_may_bring_its_own_visibility_time_out() {
    let queues = with_queue(&[]);
    send(&queues, "hello");
    let visibility = Some(Duration::from_secs(5));
    queues.receive("q", Receive { visibility, ..Receive::default() }).await.unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(bodies(&queues).await, ["hello"]);
}

/// "ChangeMessageVisibility": the new time-out counts from the call; zero makes the message visible at once; a message that
/// is not in flight is refused.
#[tokio::test(start_paused = true)]
async fn visibility_can_be_changed_while_in_flight() {
    let queues = with_queue(&[]);
    send(&queues, "hello");
    let handle = receive_one(&queues).await.receipt_handle;
    tokio::time::advance(Duration::from_secs(20)).await;
    queues.change_visibility("q", &handle, Duration::from_secs(30)).unwrap();
    tokio::time::advance(Duration::from_secs(29)).await;
    assert_eq!(queues.depth("q").unwrap(), Depth { visible: 0, in_flight: 1, delayed: 0 });
    queues.change_visibility("q", &handle, Duration::ZERO).unwrap();
    assert_eq!(queues.depth("q").unwrap(), Depth { visible: 1, in_flight: 0, delayed: 0 });
    let again = queues.change_visibility("q", &handle, Duration::ZERO);
    assert_eq!(again, Err(SqsError::MessageNotInflight));
}

/// "ChangeMessageVisibility": a message stays hidden for at most twelve hours after its receive.
#[tokio::test(start_paused = true)]
async fn visibility_ends_twelve_hours_after_the_receive() {
    let queues = with_queue(&[("VisibilityTimeout", "43200")]);
    send(&queues, "hello");
    let handle = receive_one(&queues).await.receipt_handle;
    tokio::time::advance(Duration::from_secs(1)).await;
    let hours = |seconds| queues.change_visibility("q", &handle, Duration::from_secs(seconds));
    assert!(matches!(hours(43_200), Err(SqsError::InvalidParameterValue(_))));
    assert_eq!(hours(43_199), Ok(()));
}

/// "Amazon SQS delay queues" and "Amazon SQS message timers": the queue's delay applies unless the message brings its own.
#[tokio::test(start_paused = true)]
async fn delays_hide_messages_of_the_queue_or_of_one_message() {
    let queues = with_queue(&[("DelaySeconds", "10")]);
    send(&queues, "queue");
    let timer = |body: &str, seconds| SendMessage {
        delay: Some(Duration::from_secs(seconds)),
        ..SendMessage::new(body)
    };
    queues.send("q", timer("none", 0)).unwrap();
    queues.send("q", timer("longer", 20)).unwrap();
    assert_eq!(queues.depth("q").unwrap(), Depth { visible: 1, in_flight: 0, delayed: 2 });
    assert_eq!(bodies(&queues).await, ["none"]);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(bodies(&queues).await, ["queue"]);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(bodies(&queues).await, ["longer"]);
    assert!(queues.send("q", timer("too long", 901)).is_err());
}

/// "Amazon SQS delay queues": changing the delay of a standard queue leaves messages that are in it alone.
#[tokio::test(start_paused = true)]
async fn a_new_delay_does_not_touch_messages_already_sent() {
    let queues = with_queue(&[("DelaySeconds", "10")]);
    send(&queues, "hello");
    queues.set_attributes("q", &map(&[("DelaySeconds", "0")])).unwrap();
    assert!(bodies(&queues).await.is_empty());
}

/// "Amazon SQS short and long polling": a long poll returns as soon as a message arrives, or empty when the wait is over.
#[tokio::test(start_paused = true)]
async fn a_long_poll_waits_for_a_message() {
    let queues = with_queue(&[("ReceiveMessageWaitTimeSeconds", "20")]);
    let started = tokio::time::Instant::now();
    assert!(bodies(&queues).await.is_empty());
    assert_eq!(started.elapsed(), Duration::from_secs(20));
    let waiting = tokio::spawn({
        let queues = queues.clone();
        async move { bodies(&queues).await }
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    send(&queues, "hello");
    assert_eq!(waiting.await.unwrap(), ["hello"]);
    assert_eq!(started.elapsed(), Duration::from_secs(23));
}

/// "Amazon SQS short and long polling": a message whose delay ends during the wait is received then.
#[tokio::test(start_paused = true)]
async fn a_long_poll_wakes_when_a_delay_ends() {
    let queues = with_queue(&[("DelaySeconds", "5"), ("ReceiveMessageWaitTimeSeconds", "20")]);
    send(&queues, "hello");
    let started = tokio::time::Instant::now();
    assert_eq!(bodies(&queues).await, ["hello"]);
    assert_eq!(started.elapsed(), Duration::from_secs(5));
}

/// "Using dead-letter queues in Amazon SQS": a message received `maxReceiveCount` times goes to the dead-letter queue at the
/// next receive, with its id and sent time and the queue it came from.
#[tokio::test(start_paused = true)]
async fn a_message_received_too_often_moves_to_the_dead_letter_queue() {
    let queues = queues();
    queues.create("dead", &map(&[])).unwrap();
    let policy =
        r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:000000000000:dead","maxReceiveCount":"2"}"#;
    queues.create("q", &map(&[("RedrivePolicy", policy), ("VisibilityTimeout", "0")])).unwrap();
    send(&queues, "poison");
    let id = receive_one(&queues).await.message_id;
    assert_eq!(receive_one(&queues).await.receive_count, 2);
    assert!(queues.depth("dead").unwrap().is_empty());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(bodies(&queues).await.is_empty());
    assert!(queues.depth("q").unwrap().is_empty());
    let dead = receive(&queues, "dead").await.remove(0);
    assert_eq!((dead.message_id, dead.sent_ms), (id, START_MS));
    assert_eq!(dead.dead_letter_source.as_deref(), Some("arn:aws:sqs:eu-central-1:000000000000:q"));
}

/// "SetQueueAttributes": the target of a redrive policy has to exist.
#[test]
fn a_redrive_policy_needs_an_existing_target() {
    let queues = queues();
    let policy =
        r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:000000000000:nobody","maxReceiveCount":2}"#;
    let created = queues.create("q", &map(&[("RedrivePolicy", policy)]));
    assert!(matches!(created, Err(SqsError::InvalidParameterValue(_))));
}

/// "Amazon SQS message quotas": a message is kept for four days unless the queue says otherwise.
#[tokio::test(start_paused = true)]
async fn messages_expire_after_the_retention_period() {
    let queues = with_queue(&[]);
    send(&queues, "hello");
    tokio::time::advance(Duration::from_secs(345_599)).await;
    assert_eq!(queues.depth("q").unwrap().visible, 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(queues.depth("q").unwrap().is_empty());
}

/// "Amazon SQS message quotas": 1 byte to 1 MiB, and only characters of XML 1.0.
#[test]
fn bodies_outside_the_limits_are_refused() {
    let queues = with_queue(&[]);
    let try_send = |body: String| queues.send("q", SendMessage::new(body));
    assert!(try_send("x".repeat(1_048_576)).is_ok());
    assert!(matches!(try_send("x".repeat(1_048_577)), Err(SqsError::InvalidParameterValue(_))));
    assert!(matches!(try_send(String::new()), Err(SqsError::MissingParameter(_))));
    assert_eq!(try_send("\u{1}".into()), Err(SqsError::InvalidMessageContents));
    queues.set_attributes("q", &map(&[("MaximumMessageSize", "1024")])).unwrap();
    assert!(matches!(try_send("x".repeat(1_025)), Err(SqsError::InvalidParameterValue(_))));
}

/// "PurgeQueue": deletes everything, messages in flight too, at most once in 60 seconds.
#[tokio::test(start_paused = true)]
async fn purging_empties_the_queue_once_a_minute() {
    let queues = with_queue(&[]);
    send(&queues, "in flight");
    receive_one(&queues).await;
    send(&queues, "visible");
    queues.purge("q").unwrap();
    assert!(queues.depth("q").unwrap().is_empty());
    tokio::time::advance(Duration::from_secs(59)).await;
    assert!(matches!(queues.purge("q"), Err(SqsError::PurgeQueueInProgress(_))));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(queues.purge("q"), Ok(()));
}

/// "CreateQueue": the same name with the same attributes is the same queue; with others it is refused. Values out of range
/// and unknown names are refused.
#[test]
fn creating_a_queue_twice_needs_the_same_attributes() {
    let queues = queues();
    let url = queues.create("q", &map(&[("DelaySeconds", "5")])).unwrap();
    assert_eq!(url, "http://127.0.0.1:9324/000000000000/q");
    assert_eq!(queues.create("q", &map(&[("DelaySeconds", "5")])).unwrap(), url);
    let other = queues.create("q", &map(&[("DelaySeconds", "6")]));
    assert_eq!(other, Err(SqsError::QueueNameExists("DelaySeconds".into())));
    let refused = queues.create("r", &map(&[("DelaySeconds", "901")]));
    assert_eq!(refused, Err(SqsError::InvalidAttributeValue("DelaySeconds".into())));
    let refused = queues.create("r", &map(&[("Colour", "red")]));
    assert_eq!(refused, Err(SqsError::InvalidAttributeName("Colour".into())));
    assert!(queues.create("no spaces", &map(&[])).is_err());
}

/// A queue is found by name, URL and ARN.
#[test]
fn a_queue_is_found_by_name_url_and_arn() {
    let queues = with_queue(&[]);
    let arn = queues.arn_of("q").unwrap();
    assert_eq!(arn, "arn:aws:sqs:eu-central-1:000000000000:q");
    let url = queues.url_of(&arn).unwrap();
    queues.send(&url, SendMessage::new("hello")).unwrap();
    assert_eq!(queues.depth("q").unwrap().visible, 1);
}

/// Waiting for a depth is woken by every change, and by the end of a visibility time-out.
#[tokio::test(start_paused = true)]
async fn a_depth_can_be_awaited() {
    let queues = with_queue(&[]);
    send(&queues, "hello");
    receive_one(&queues).await;
    let started = tokio::time::Instant::now();
    queues.wait_until("q", |depth| depth.visible == 1).await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(30));
    let handle = receive_one(&queues).await.receipt_handle;
    let deleting = async { queues.delete("q", &handle).unwrap() };
    let (empty, ()) = tokio::join!(queues.wait_until("q", Depth::is_empty), deleting);
    assert!(empty.is_ok());
}
