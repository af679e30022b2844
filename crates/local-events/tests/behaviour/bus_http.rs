//! `PutEvents` over HTTP, with the AWS SDK as it is.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use local_events::bus::router;
use tokio::net::TcpListener;

use crate::bus::{BUS_ARN, Setup, setup};

async fn client(setup: &Setup) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let events = setup.events.clone();
    tokio::spawn(async move { axum::serve(listener, router(events)).await });
    let config = aws_sdk_eventbridge::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(endpoint)
        .build();
    Client::from_conf(config)
}

fn entry(detail: &str) -> PutEventsRequestEntry {
    PutEventsRequestEntry::builder()
        .source("shop")
        .detail_type("ProductUpdated")
        .detail(detail)
        .event_bus_name(BUS_ARN)
        .time(DateTime::from_secs(1_763_630_999))
        .build()
}

/// "PutEvents": a call succeeds while entries fail; `FailedEntryCount` and each entry's code tell.
#[tokio::test]
async fn a_call_succeeds_while_entries_fail() {
    let setup = setup();
    let client = client(&setup).await;
    let put = client.put_events().entries(entry(r#"{"id":"p-1"}"#)).entries(entry("oops"));
    let answer = put.send().await.unwrap();
    assert_eq!(answer.failed_entry_count(), 1);
    assert!(answer.entries()[0].event_id().is_some());
    assert_eq!(answer.entries()[1].error_code(), Some("MalformedDetail"));
    assert!(answer.entries()[1].event_id().is_none());
    let delivered = setup.delivered().await;
    assert_eq!(delivered.len(), 1);
    assert_eq!(delivered[0]["time"], "2025-11-20T09:29:59Z");
}

/// "PutEvents": more than ten entries are a `ValidationException` of the call.
#[tokio::test]
async fn an_eleventh_entry_is_a_validation_exception() {
    let setup = setup();
    let client = client(&setup).await;
    let put = client.put_events().set_entries(Some(vec![entry("{}"); 11]));
    assert_eq!(put.send().await.unwrap_err().code(), Some("ValidationException"));
    assert!(setup.delivered().await.is_empty());
}

/// "Common Errors": an action that is not there is an unknown operation.
#[tokio::test]
async fn other_actions_are_unknown_operations() {
    let client = client(&setup()).await;
    let listed = client.list_event_buses().send().await;
    assert_eq!(listed.unwrap_err().code(), Some("UnknownOperationException"));
}
