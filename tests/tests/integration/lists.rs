//! Lists through the cache, and several products at once.

use cache::Head;
use integration_tests::{Answer, World, n, s};
use serde_json::{Value, json};

const BOOTS: &str = "/api/products?category=boots";

/// The index of the embedded database does not lag, so a list may be kept from the start.
async fn world() -> World {
    World::with_read_api(&[("LIST_INDEX_SETTLE_MS", "0")]).await
}

fn price(list: &Answer, id: &str) -> Value {
    let list = list.json();
    let items = list["items"].as_array().unwrap();
    items.iter().find(|item| item["id"] == id).map_or(Value::Null, |item| item["price_cents"].clone())
}

async fn cached(w: &World, path: &str) -> Answer {
    w.get(path).await;
    let hit = w.get(path).await;
    assert!(hit.is_hit(), "{hit:?}");
    hit
}

#[tokio::test]
async fn a_list_is_cached_until_one_of_its_members_changes() {
    let w = world().await;
    let before = cached(&w, BOOTS).await;
    let shoes = cached(&w, "/api/products?category=shoes&limit=3").await;
    let all = cached(&w, "/api/products?limit=5").await;
    assert_eq!(before.header("cache-control"), "public, max-age=0, s-maxage=1");
    w.patch("boots-001", &json!({ "price_cents": 4321 })).await;
    w.delivered(1).await;
    let after = w.get(BOOTS).await;
    assert_eq!((price(&after, "boots-001"), after.is_hit()), (json!(4321), false));
    assert_ne!(price(&before, "boots-001"), json!(4321));
    let untouched = w.get("/api/products?category=shoes&limit=3").await;
    assert!(untouched.is_hit() && untouched.body == shoes.body, "another category's lists stay");
    assert!(!w.get("/api/products?limit=5").await.is_hit(), "the list of all does not: {all:?}");
}

#[tokio::test]
async fn a_product_that_moves_leaves_one_list_and_joins_another_whoever_moves_it() {
    let w = world().await;
    cached(&w, BOOTS).await;
    cached(&w, "/api/products?category=shoes").await;
    w.write_directly(
        "boots-001",
        "SET category = :to, version = version + :one",
        &[(":to", s("shoes")), (":one", n(1))],
    )
    .await;
    w.delivered(1).await;
    assert_eq!(price(&w.get(BOOTS).await, "boots-001"), Value::Null);
    assert_ne!(price(&w.get("/api/products?category=shoes").await, "boots-001"), Value::Null);
}

#[tokio::test]
async fn a_list_built_right_after_a_change_is_kept_for_a_second_only() {
    let w = World::start().await;
    w.get(BOOTS).await;
    let mut redis = w.redis().await;
    let family = "{category:boots}";
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(format!("*{family}*")).query_async(&mut redis).await.unwrap();
    let (mut pages, mut born) = (Vec::new(), 0);
    for key in &keys {
        let raw: Vec<u8> = redis::cmd("GET").arg(key).query_async(&mut redis).await.unwrap();
        let head = Head::decode(&raw).unwrap();
        if key.ends_with(family) { born = head.fresh_until } else { pages.push(head.fresh_until) }
    }
    assert_eq!(pages.len(), 1, "{keys:?}");
    // Its generation has just begun: the index behind it may lag for ten seconds from then on.
    assert!(pages[0] > born && pages[0] < born + 11_000, "{} of a generation born at {born}", pages[0]);
}

#[tokio::test]
async fn several_products_are_read_at_once_each_at_its_own_version() {
    let w = World::start().await;
    let patched = w.patch("boots-001", &json!({ "price_cents": 4321 })).await;
    let several = w.get("/api/products?ids=boots-002,no-such,boots-001").await;
    assert_eq!(several.status.as_u16(), 200);
    let body = several.json();
    assert_eq!((&body["missing"], &body["failed"]), (&json!(["no-such"]), &json!([])));
    assert_eq!(
        (&body["items"][0]["id"], &body["items"][1]["id"]),
        (&json!("boots-002"), &json!("boots-001"))
    );
    assert_eq!(body["items"][1]["version"], patched.version());
    assert_eq!(several.header("cache-tag"), "product:boots-002,product:no-such,product:boots-001");
    assert!(w.product("boots-001").await.is_hit(), "what was loaded together is cached one by one");
    assert!(w.product("no-such").await.header("cache-status").starts_with("Valkey; hit"));
    let refused = w.get("/api/products?ids=boots-001&limit=1").await;
    assert_eq!((refused.status.as_u16(), refused.header("content-type")), (400, "application/problem+json"));
}

/// Ignoring it would look like keeping it.
#[tokio::test]
async fn a_minimum_version_is_refused_where_no_single_version_answers() {
    let w = World::start().await;
    for query in ["?ids=boots-001", "?category=boots"] {
        let path = format!("/api/products{query}");
        let answer = w.send(reqwest::Method::GET, &path, &[("x-cache-min-version", "8")], "").await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (400, "no-store"), "{query}");
    }
}

#[tokio::test]
async fn several_products_are_never_below_a_change_the_cache_was_told_of() {
    let w = World::start().await;
    for version in 0..20 {
        let patched = w.patch("boots-001", &json!({ "price_cents": 1_000 + version })).await;
        let several = w.get("/api/products?ids=boots-001,boots-002").await.json();
        assert!(several["items"][0]["version"].as_u64().unwrap() >= patched.version());
    }
}
