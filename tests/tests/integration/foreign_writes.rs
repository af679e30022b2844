//! Writes by programs that know nothing of this system: straight to the table.

use aws_sdk_dynamodb::types::AttributeValue;
use integration_tests::{World, n, s};

async fn price_after(w: &World, id: &str) -> (u64, u64) {
    let answer = w.product(id).await;
    (answer.json()["price_cents"].as_u64().unwrap(), answer.version())
}

#[tokio::test]
async fn a_direct_write_is_invalidated_whatever_it_does_with_the_version() {
    let w = World::start().await;
    let version = w.cached("boots-001").await.version();
    w.write_directly(
        "boots-001",
        "SET price_cents = :p, version = :v",
        &[(":p", n(11)), (":v", n(version + 1))],
    )
    .await;
    w.delivered(1).await;
    assert_eq!(price_after(&w, "boots-001").await, (11, version + 1), "a proper version");

    w.cached("boots-001").await;
    w.write_directly("boots-001", "SET price_cents = :p", &[(":p", n(12))]).await;
    w.delivered(2).await;
    assert_eq!(price_after(&w, "boots-001").await, (12, version + 1), "the same version");

    w.cached("boots-001").await;
    w.write_directly("boots-001", "SET price_cents = :p, version = :v", &[(":p", n(13)), (":v", n(3))]).await;
    w.delivered(3).await;
    assert_eq!(price_after(&w, "boots-001").await, (13, 3), "a lower version");

    w.cached("boots-001").await;
    w.write_directly("boots-001", "SET price_cents = :p REMOVE version", &[(":p", n(14))]).await;
    w.delivered(4).await;
    assert_eq!(price_after(&w, "boots-001").await, (14, 0), "none");

    w.cached("boots-001").await;
    w.write_directly("boots-001", "SET price_cents = :p", &[(":p", n(15))]).await;
    w.delivered(5).await;
    assert_eq!(price_after(&w, "boots-001").await, (15, 0), "none, again");
    let stats = w.stack.messaging.queues.depth(&w.stack.endpoints.failure_queue).unwrap();
    assert!(stats.is_empty(), "writers that have never heard of versions are no failure");
}

#[tokio::test]
async fn a_direct_write_is_seen_within_a_second() {
    let w = World::start().await;
    w.cached("boots-001").await;
    let start = tokio::time::Instant::now();
    w.write_directly("boots-001", "SET price_cents = :p", &[(":p", n(11))]).await;
    w.delivered(1).await;
    assert_eq!(price_after(&w, "boots-001").await.0, 11);
    assert!(start.elapsed().as_millis() < 1_000, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_direct_create_and_delete_are_seen() {
    let w = World::start().await;
    assert_eq!(w.product("new-1").await.status.as_u16(), 404);
    assert!(w.product("new-1").await.is_hit());
    let table = &w.stack.endpoints.table;
    let put = w.dynamodb.put_item().table_name(table).item("id", s("new-1")).item("price_cents", n(7));
    put.send().await.unwrap();
    w.delivered(1).await;
    let created = w.cached("new-1").await;
    assert_eq!(
        (created.json()["price_cents"].as_u64(), created.json()["currency"].as_str()),
        (Some(7), Some("XXX"))
    );
    w.dynamodb.delete_item().table_name(table).key("id", s("new-1")).send().await.unwrap();
    w.delivered(2).await;
    assert_eq!(w.product("new-1").await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_row_that_outlived_its_time_to_live_is_seen_to_go() {
    let w = World::start().await;
    let table = w.stack.endpoints.table.clone();
    let specification = aws_sdk_dynamodb::types::TimeToLiveSpecification::builder()
        .attribute_name("expires_at")
        .enabled(true)
        .build()
        .unwrap();
    let update =
        w.dynamodb.update_time_to_live().table_name(&table).time_to_live_specification(specification);
    update.send().await.unwrap();
    w.write_directly("boots-001", "SET expires_at = :t", &[(":t", n(1_000_000_000))]).await;
    w.delivered(1).await;
    w.cached("boots-001").await;
    assert_eq!(w.stack.dynamodb.database.sweep_ttl().unwrap(), 1);
    w.delivered(2).await;
    assert_eq!(w.product("boots-001").await.status.as_u16(), 404);
}

#[tokio::test]
async fn an_unusable_version_is_forced_out_reported_with_its_reason_and_holds_up_nobody() {
    let w = World::start().await;
    w.cached("boots-001").await;
    let healthy = w.cached("boots-002").await.version();
    let poison = AttributeValue::S("seven".into());
    w.write_directly("boots-001", "SET version = :v, price_cents = :p", &[(":v", poison), (":p", n(21))])
        .await;
    w.write_directly(
        "boots-002",
        "SET version = :v, price_cents = :p",
        &[(":v", n(healthy + 1)), (":p", n(22))],
    )
    .await;
    w.delivered(2).await;
    assert_eq!(price_after(&w, "boots-001").await, (21, 0));
    assert_eq!(price_after(&w, "boots-002").await, (22, healthy + 1));
    let queues = &w.stack.messaging.queues;
    let messages = queues.receive(&w.stack.endpoints.failure_queue, Default::default()).await.unwrap();
    let event: serde_json::Value = serde_json::from_str(&messages[0].body).unwrap();
    assert_eq!(
        (event["detail-type"].as_str(), event["detail"]["id"].as_str()),
        (Some("RecordRefused"), Some("boots-001"))
    );
    let reason = event["detail"]["reason"].as_str().unwrap();
    assert!(reason.contains("version is unusable") && reason.contains("type S"), "{reason}");
}
