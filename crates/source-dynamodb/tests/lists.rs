//! Lists against an embedded DynamoDB.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
use catalog::names::GROUP_INDEX;
use catalog::{ItemList, Page, Position};
use dynoxide::Database;
use source_dynamodb::DynamoItemStore;
use tokio::net::TcpListener;

const TABLE: &str = "products-under-test";

fn key(name: &str, key_type: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(key_type).build().unwrap()
}

fn string(name: &str) -> AttributeDefinition {
    let definition = AttributeDefinition::builder().attribute_name(name);
    definition.attribute_type(ScalarAttributeType::S).build().unwrap()
}

async fn table() -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    let credentials = Credentials::builder().access_key_id("local").secret_access_key("local");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(credentials.provider_name("test").build())
        .build();
    let client = Client::from_conf(config);
    let index = GlobalSecondaryIndex::builder()
        .index_name(GROUP_INDEX)
        .key_schema(key("category", KeyType::Hash))
        .key_schema(key("id", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build());
    let request = client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(string("id"))
        .attribute_definitions(string("category"))
        .key_schema(key("id", KeyType::Hash))
        .global_secondary_indexes(index.build().unwrap());
    request.send().await.unwrap();
    client
}

/// A row with this price, or without any.
async fn put(client: &Client, id: &str, category: Option<&str>, price: Option<&str>) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut row = HashMap::from([("id".to_owned(), text(id)), ("name".to_owned(), text("A name"))]);
    row.extend(category.map(|category| ("category".to_owned(), text(category))));
    row.extend(price.map(|cents| ("price_cents".to_owned(), AttributeValue::N(cents.to_owned()))));
    client.put_item().table_name(TABLE).set_item(Some(row)).send().await.unwrap();
}

fn ids(page: &Page) -> Vec<&str> {
    page.items.iter().map(|product| product.id.as_str()).collect()
}

#[tokio::test]
async fn a_category_is_listed_page_by_page_in_the_order_of_ids_and_ends_where_it_ends() {
    let client = table().await;
    for id in ["c", "a", "d", "b"] {
        put(&client, id, Some("shoes"), Some("100")).await;
    }
    put(&client, "hat", Some("hats"), Some("100")).await;
    let store = DynamoItemStore::new(client, TABLE);

    let first = store.list(Some("shoes"), 2, None).await.unwrap();
    assert_eq!((ids(&first), &first.next), (vec!["a", "b"], &Some(Position("b".to_owned()))));
    assert_eq!(first.items[0].details.category, "shoes");
    let second = store.list(Some("shoes"), 2, first.next.as_ref()).await.unwrap();
    assert_eq!(
        (ids(&second), &second.next),
        (vec!["c", "d"], &None),
        "a full last page is known to be the last"
    );

    let none = store.list(Some("gloves"), 2, None).await.unwrap();
    assert_eq!(none, Page::default());
}

#[tokio::test]
async fn without_a_category_every_product_is_listed_once() {
    let client = table().await;
    let mut expected = BTreeSet::new();
    for n in 0..11 {
        let id = format!("p-{n}");
        put(&client, &id, (n % 3 > 0).then_some("shoes"), Some("100")).await;
        expected.insert(id);
    }
    let store = DynamoItemStore::new(client, TABLE);

    let (mut seen, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = store.list(None, 4, after.as_ref()).await.unwrap();
        assert!(page.items.len() <= 4);
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((pages, seen.len()), (3, 11));
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn rows_that_are_no_product_are_left_out_and_do_not_end_a_list() {
    let client = table().await;
    put(&client, "a no product id", Some("shoes"), Some("100")).await;
    put(&client, "b-without-a-price", Some("shoes"), None).await;
    put(&client, "c", Some("shoes"), Some("100")).await;
    let store = DynamoItemStore::new(client, TABLE);

    let first = store.list(Some("shoes"), 1, None).await.unwrap();
    assert_eq!((ids(&first), &first.next), (vec![], &Some(Position("a no product id".to_owned()))));
    let second = store.list(Some("shoes"), 1, first.next.as_ref()).await.unwrap();
    let third = store.list(Some("shoes"), 1, second.next.as_ref()).await.unwrap();
    assert_eq!((ids(&second), ids(&third), &third.next), (vec![], vec!["c"], &None));
    assert_eq!(ids(&store.list(None, 100, None).await.unwrap()), ["c"]);
}

#[tokio::test]
async fn a_table_that_does_not_exist_is_an_error_not_an_empty_list() {
    let store = DynamoItemStore::new(table().await, "another-table-entirely");
    for category in [None, Some("shoes")] {
        let error = store.list(category, 2, None).await.unwrap_err();
        assert!(error.to_string().contains("ResourceNotFoundException"), "{error}");
    }
}
