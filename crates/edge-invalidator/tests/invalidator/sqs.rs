//! The queue as it is: SQS over HTTP.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region as SdkRegion};
use edge_invalidator::{Queue, QueueError, SqsQueue};
use local_events::sqs::{Queues, Receive, SendMessage, router};
use local_events::{Region, WallClock};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const LONG: Duration = Duration::from_secs(900);

/// The queues `edge` and `failures`, and a client for them.
async fn queues() -> (Arc<Queues>, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let queues = Arc::new(Queues::new(Region::default(), endpoint.as_str(), WallClock::system()));
    for name in ["edge", "failures"] {
        queues.create(name, &[("VisibilityTimeout".to_owned(), "900".to_owned())].into()).unwrap();
    }
    let served = router(queues.clone());
    tokio::spawn(async move { axum::serve(listener, served).await });
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(SdkRegion::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint);
    (queues, Client::from_conf(config.build()))
}

#[tokio::test]
async fn messages_are_put_off_each_by_its_delay_and_one_that_is_gone_holds_up_none() {
    let (queues, client) = queues().await;
    let queue = SqsQueue::new(client, &queues.url_of("edge").unwrap(), None);
    let mut receipts = Vec::new();
    for number in 0..23 {
        queues.send("edge", SendMessage::new(number.to_string())).unwrap();
        let received = queues.receive("edge", Receive { max: 1, ..Receive::default() }).await.unwrap();
        receipts.push(received[0].receipt_handle.clone());
    }
    let delay = |place: usize| if place < 11 { Duration::ZERO } else { LONG };
    let mut messages: Vec<_> =
        receipts.iter().enumerate().map(|(place, receipt)| (receipt.as_str(), delay(place))).collect();
    queue.put_off(&messages).await.unwrap();
    let depth = queues.depth("edge").unwrap();
    assert_eq!((depth.visible, depth.in_flight), (11, 12));

    let again = queues.receive("edge", Receive { max: 10, ..Receive::default() }).await.unwrap();
    messages.clear();
    messages.push(("no receipt", Duration::ZERO));
    messages.extend(again.iter().map(|message| (message.receipt_handle.as_str(), Duration::ZERO)));
    let failed = queue.put_off(&messages).await.unwrap_err();
    assert!(failed.to_string().contains("not put off"), "{failed}");
    assert_eq!(queues.depth("edge").unwrap().visible, 11);
}

#[tokio::test]
async fn what_is_sent_arrives_after_its_delay() {
    let (queues, client) = queues().await;
    let queue = SqsQueue::new(client, &queues.url_of("edge").unwrap(), None);
    queue.send("later", LONG).await.unwrap();
    assert_eq!(queues.depth("edge").unwrap().delayed, 1);
    queue.send("now", Duration::ZERO).await.unwrap();
    let received = queues.receive("edge", Receive { max: 10, ..Receive::default() }).await.unwrap();
    assert_eq!(received.iter().map(|message| message.body.as_str()).collect::<Vec<_>>(), ["now"]);
}

#[tokio::test]
async fn what_cannot_be_read_is_put_aside_with_its_reason() {
    let (queues, client) = queues().await;
    let [edge, failures] = ["edge", "failures"].map(|name| queues.url_of(name).unwrap());
    let queue = SqsQueue::new(client.clone(), &edge, Some(&failures));
    queue.refuse("{\"not\n", "no JSON").await.unwrap();
    let received = queues.receive("failures", Receive { max: 10, ..Receive::default() }).await.unwrap();
    let text: Value = serde_json::from_str(&received[0].body).unwrap();
    assert_eq!(text, json!({"reason": "no JSON", "body": "{\"not\n"}));
    let nowhere = SqsQueue::new(client.clone(), &edge, None).refuse("x", "y").await;
    assert_eq!(nowhere, Err(QueueError::NoFailureQueue));
    let gone = SqsQueue::new(client, &format!("{edge}-gone"), None).send("x", LONG).await;
    assert!(matches!(gone, Err(QueueError::Failed(_))), "{gone:?}");
}
