use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use cache::Version;
use catalog::ProductId;
use catalog::edge::{Ledger, Month, Purged, contract};
use dynoxide::Database;
use edge_cloudfront::DynamoLedger;

use crate::listen;

const TABLE: &str = "control-under-test";
const NOW: u64 = 1_790_000_000_000;

async fn control_table() -> Client {
    let (listener, url) = listen().await;
    let database = Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    let client = client(&url);
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    let request = client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(id.build().unwrap())
        .key_schema(key.build().unwrap());
    request.send().await.unwrap();
    client
}

fn client(url: &str) -> Client {
    let credentials = Credentials::builder().access_key_id("local").secret_access_key("local");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::from_static("eu-west-1"))
        .retry_config(RetryConfig::disabled())
        .credentials_provider(credentials.provider_name("test").build());
    Client::from_conf(config.build())
}

async fn row(client: &Client, id: &str) -> std::collections::HashMap<String, AttributeValue> {
    let request = client.get_item().table_name(TABLE).key("id", AttributeValue::S(id.to_owned()));
    request.send().await.unwrap().item.unwrap()
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[tokio::test]
async fn the_table_keeps_the_contract() {
    contract::ledger(&DynamoLedger::new(control_table().await, TABLE)).await;
}

#[tokio::test]
async fn rows_expire_when_they_are_of_no_use() {
    let client = control_table().await;
    let ledger = DynamoLedger::new(client.clone(), TABLE);
    let month = Month::of(NOW);
    ledger.spend(&month, 3).await.unwrap();
    ledger.spend(&month, 4).await.unwrap();
    let of_month = row(&client, &format!("spend#{month}")).await;
    assert_eq!(of_month["items"], number(7));
    assert_eq!(of_month["expires_at"], number(month.begins_at() / 1_000 + 400 * 86_400));

    let purged = Purged { version: Version(7), written_at: NOW };
    ledger.record(&[(ProductId::parse("b-1").unwrap(), purged)], NOW + 1).await.unwrap();
    let of_product = row(&client, "purged#b-1").await;
    assert_eq!((&of_product["version"], &of_product["written_at"]), (&number(7), &number(NOW)));
    assert_eq!(of_product["expires_at"], number(NOW / 1_000 + 1), "in seconds, rounded up");
}

#[tokio::test]
async fn a_table_that_cannot_be_reached_is_an_error_and_nothing_worse() {
    let (listener, url) = listen().await;
    drop(listener);
    let ledger = DynamoLedger::new(client(&url), TABLE);
    let (month, id) = (Month::of(NOW), ProductId::parse("b-1").unwrap());
    let purged = Purged { version: Version(7), written_at: NOW };
    assert!(ledger.spent(&month).await.unwrap_err().0.starts_with("DynamoDB: "));
    assert!(ledger.spend(&month, 1).await.is_err());
    assert!(ledger.purged(std::slice::from_ref(&id)).await.is_err());
    assert!(ledger.record(&[(id, purged)], NOW).await.is_err());
}
