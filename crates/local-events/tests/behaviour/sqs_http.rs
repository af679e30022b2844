//! Queues over HTTP, with the AWS SDK as it is.

use std::sync::Arc;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region as SdkRegion};
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageAttributeValue,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use local_events::sqs::{Queues, router};
use local_events::{Region, WallClock};
use tokio::net::TcpListener;

/// Serves queues on a port of its own and answers a client for them.
async fn client() -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let queues = Arc::new(Queues::new(Region::default(), endpoint.as_str(), WallClock::system()));
    tokio::spawn(async move { axum::serve(listener, router(queues)).await });
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(SdkRegion::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(endpoint)
        .build();
    Client::from_conf(config)
}

async fn queue(client: &Client, name: &str) -> String {
    client.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap()
}

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

/// "SendMessage" and "ReceiveMessage": body, digests, user and system attributes make the round trip.
#[tokio::test]
async fn a_message_makes_the_round_trip_with_its_attributes() {
    let client = client().await;
    let url = queue(&client, "q").await;
    let binary = MessageAttributeValue::builder()
        .data_type("Binary")
        .binary_value(Blob::new([1, 2, 3]))
        .build()
        .unwrap();
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("hello")
        .message_attributes("trace.id", text("t-1"))
        .message_attributes("raw", binary)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("5d41402abc4b2a76b9719d911017c592"));
    let received = client
        .receive_message()
        .queue_url(&url)
        .wait_time_seconds(20)
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .unwrap();
    let message = &received.messages()[0];
    assert_eq!(message.body(), Some("hello"));
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    let attributes = message.message_attributes().unwrap();
    assert_eq!(attributes["trace.id"].string_value(), Some("t-1"));
    assert_eq!(attributes["raw"].binary_value().unwrap().as_ref(), [1, 2, 3]);
    let system = message.attributes().unwrap();
    assert_eq!(system[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    assert!(system.contains_key(&MessageSystemAttributeName::SentTimestamp));
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(message.receipt_handle().unwrap())
        .send()
        .await
        .unwrap();
    let attributes =
        client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All).send().await;
    let attributes = attributes.unwrap().attributes.unwrap();
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible], "0");
    assert_eq!(attributes[&QueueAttributeName::QueueArn], "arn:aws:sqs:eu-central-1:000000000000:q");
}

/// "Amazon SQS message metadata": the digest of attributes, against values computed independently.
#[tokio::test]
async fn the_digest_of_attributes_is_the_documented_one() {
    let client = client().await;
    let url = queue(&client, "q").await;
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("x")
        .message_attributes(
            "b",
            MessageAttributeValue::builder().data_type("Number").string_value("7").build().unwrap(),
        )
        .message_attributes("a", text("one"))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.md5_of_message_attributes(), Some(DIGEST_OF_ATTRIBUTES));
}

/// md5 of `00000001 a 00000006 String 01 00000003 one 00000001 b 00000006 Number 01 00000001 7`.
const DIGEST_OF_ATTRIBUTES: &str = "e1b604b45675db2eb9b1f83dc21d50eb";

/// "ReceiveMessage": only the attributes that were asked for are returned.
#[tokio::test]
async fn only_the_attributes_asked_for_are_returned() {
    let client = client().await;
    let url = queue(&client, "q").await;
    let send = client.send_message().queue_url(&url).message_body("x");
    let send = send.message_attributes("app.one", text("1")).message_attributes("app.two", text("2"));
    send.message_attributes("other", text("3")).send().await.unwrap();
    let receive = || client.receive_message().queue_url(&url).visibility_timeout(0);
    let plain = receive().send().await.unwrap();
    assert!(plain.messages()[0].message_attributes().is_none());
    assert!(plain.messages()[0].attributes().is_none());
    let some = receive().message_attribute_names("app.*").send().await.unwrap();
    let mut names: Vec<_> = some.messages()[0].message_attributes().unwrap().keys().cloned().collect();
    names.sort();
    assert_eq!(names, ["app.one", "app.two"]);
}

/// "Common Errors" and the JSON protocol of SQS: modelled errors keep their older codes through `x-amzn-query-error`.
#[tokio::test]
async fn errors_carry_the_codes_sdk_users_know() {
    let client = client().await;
    let missing = client.get_queue_url().queue_name("nobody").send().await.unwrap_err().into_service_error();
    assert!(matches!(missing, GetQueueUrlError::QueueDoesNotExist(_)));
    assert_eq!(missing.code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    let url = queue(&client, "q").await;
    let too_many = client.receive_message().queue_url(&url).max_number_of_messages(11).send().await;
    assert_eq!(too_many.unwrap_err().code(), Some("InvalidParameterValue"));
}

/// "SendMessageBatch": entries succeed and fail for themselves.
#[tokio::test]
async fn batch_entries_succeed_and_fail_for_themselves() {
    let client = client().await;
    let url = queue(&client, "q").await;
    let entry = |id: &str, body: &str| {
        SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
    };
    let sent = client.send_message_batch().queue_url(&url);
    let sent = sent.entries(entry("good", "hello")).entries(entry("bad", "\u{1}")).send().await.unwrap();
    assert_eq!(sent.successful()[0].id(), "good");
    assert_eq!((sent.failed()[0].id(), sent.failed()[0].code()), ("bad", "InvalidMessageContents"));
    assert!(sent.failed()[0].sender_fault());

    let received = client.receive_message().queue_url(&url).send().await.unwrap();
    let handle = received.messages()[0].receipt_handle().unwrap();
    let change = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
        entry.visibility_timeout(60).build().unwrap()
    };
    let changed = client.change_message_visibility_batch().queue_url(&url);
    let changed = changed.entries(change("a", handle)).entries(change("b", "nonsense")).send().await.unwrap();
    assert_eq!((changed.successful().len(), changed.failed()[0].code()), (1, "ReceiptHandleIsInvalid"));
    let delete = DeleteMessageBatchRequestEntry::builder().id("a").receipt_handle(handle).build().unwrap();
    let deleted = client.delete_message_batch().queue_url(&url).entries(delete).send().await.unwrap();
    assert_eq!(deleted.successful().len(), 1);
}

/// "Amazon SQS message quotas": a batch has one to ten entries with different ids, and 1 MiB in total.
#[tokio::test]
async fn batches_outside_the_limits_are_refused_whole() {
    let client = client().await;
    let url = queue(&client, "q").await;
    let entry = |id: String, bytes: usize| {
        SendMessageBatchRequestEntry::builder().id(id).message_body("x".repeat(bytes)).build().unwrap()
    };
    let code = async |entries: Vec<SendMessageBatchRequestEntry>| {
        let sent = client.send_message_batch().queue_url(&url).set_entries(Some(entries)).send().await;
        sent.unwrap_err().code().unwrap().to_owned()
    };
    let eleven = (0..11).map(|n| entry(n.to_string(), 1)).collect();
    assert_eq!(code(eleven).await, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest");
    let twins = vec![entry("a".into(), 1), entry("a".into(), 1)];
    assert_eq!(code(twins).await, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct");
    let large = vec![entry("a".into(), 600_000), entry("b".into(), 600_000)];
    assert_eq!(code(large).await, "AWS.SimpleQueueService.BatchRequestTooLong");
    assert_eq!(code(vec![]).await, "AWS.SimpleQueueService.EmptyBatchRequest");
}

/// "ListQueues", "PurgeQueue" and "SetQueueAttributes" as SDKs use them.
#[tokio::test]
async fn queues_are_listed_set_and_purged() {
    let client = client().await;
    let url = queue(&client, "orders").await;
    queue(&client, "others").await;
    queue(&client, "x").await;
    let listed = client.list_queues().queue_name_prefix("o").send().await.unwrap();
    assert_eq!(listed.queue_urls().len(), 2);
    let page = client.list_queues().max_results(2).send().await.unwrap();
    let rest = client.list_queues().max_results(2).set_next_token(page.next_token).send().await.unwrap();
    assert_eq!((page.queue_urls.unwrap().len(), rest.queue_urls().len()), (2, 1));
    let set = client.set_queue_attributes().queue_url(&url);
    set.attributes(QueueAttributeName::DelaySeconds, "9").send().await.unwrap();
    let asked =
        client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::DelaySeconds);
    let attributes = asked.send().await.unwrap().attributes.unwrap();
    assert_eq!(attributes.len(), 1);
    assert_eq!(attributes[&QueueAttributeName::DelaySeconds], "9");
    client.purge_queue().queue_url(&url).send().await.unwrap();
    let again = client.purge_queue().queue_url(&url).send().await;
    assert_eq!(again.unwrap_err().code(), Some("AWS.SimpleQueueService.PurgeQueueInProgress"));
}
