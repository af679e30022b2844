//! The queue as it is: SQS over HTTP.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region as SdkRegion};
use consistency_auditor::{Queue, SqsQueue};
use local_events::sqs::{Queues, Receive, router};
use local_events::{Region, WallClock};
use tokio::net::TcpListener;

#[tokio::test]
async fn looks_arrive_each_after_its_delay_and_what_is_not_sent_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let queues = Arc::new(Queues::new(Region::default(), endpoint.as_str(), WallClock::system()));
    let url = queues.create("audit", &[].into()).unwrap();
    let served = router(queues.clone());
    tokio::spawn(async move { axum::serve(listener, served).await });
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(SdkRegion::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint);
    let client = Client::from_conf(config.build());
    let message = |body: &str, seconds| (body.to_owned(), Duration::from_secs(seconds));

    let queue = SqsQueue::new(client.clone(), &url);
    queue.send(&[message("now", 0), message("in a minute", 60), message("later", 900)]).await.unwrap();
    let depth = queues.depth("audit").unwrap();
    assert_eq!((depth.visible, depth.delayed), (1, 2));
    let received = queues.receive("audit", Receive { max: 10, ..Receive::default() }).await.unwrap();
    assert_eq!(received.iter().map(|message| message.body.as_str()).collect::<Vec<_>>(), ["now"]);

    let error = queue.send(&[message("too late", 901)]).await.unwrap_err();
    assert!(error.to_string().starts_with("SQS: "), "{error}");
    assert!(SqsQueue::new(client, &format!("{url}-gone")).send(&[message("x", 0)]).await.is_err());
}
