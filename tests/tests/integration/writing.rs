//! PUT, PATCH and DELETE of products.

use integration_tests::{Answer, World, s};
use reqwest::Method;
use serde_json::{Value, json};

const BOOT: &str = "/api/admin/products/boots-001";

fn boot() -> Value {
    json!({"name": "Boot", "category": "boots", "price_cents": 4200, "currency": "EUR", "attributes": {"size": "42"}})
}

async fn send(w: &World, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    w.send(method, path, headers, &body.to_string()).await
}

#[tokio::test]
async fn a_price_change_is_in_the_next_read_with_the_tag_the_write_gave() {
    let w = World::start().await;
    let before = w.cached("boots-001").await;
    let tag = before.header("etag").to_owned();
    let written = send(&w, Method::PATCH, BOOT, &[("if-match", &tag)], &json!({"price_cents": 99})).await;
    assert_eq!((written.status.as_u16(), written.version()), (200, before.version() + 1));
    assert_eq!(written.header("cache-status"), "Valkey; fwd=method; detail=invalidated");
    let after = w.product("boots-001").await;
    assert_eq!((after.version(), after.header("etag")), (written.version(), written.header("etag")));
    assert_eq!((after.json()["price_cents"].clone(), &after.body), (json!(99), &written.body));
    assert_eq!(after.header("cache-status"), "Valkey; fwd=stale; detail=fenced; stored");
    let kept = before.json()["name"].clone();
    assert_eq!(after.json()["name"], kept, "a merge patch leaves what it does not name");
}

#[tokio::test]
async fn a_product_lives_through_create_replace_delete_and_create() {
    let w = World::start().await;
    assert_eq!(w.product("x-1").await.status.as_u16(), 404);
    let created = w.create("x-1", &boot()).await;
    assert_eq!((created.status.as_u16(), created.header("location")), (201, "/api/products/x-1"));
    // The stream tells of the create as well, and that forces the product out once more.
    w.delivered(1).await;
    assert_eq!(w.cached("x-1").await.version(), created.version());
    let again = w.create("x-1", &boot()).await;
    assert_eq!((again.status.as_u16(), again.version()), (412, created.version()));

    let tag = created.header("etag").to_owned();
    let mut other = boot();
    other["name"] = json!("Other");
    let path = "/api/admin/products/x-1";
    let replaced = send(&w, Method::PUT, path, &[("if-match", &tag)], &other).await;
    assert_eq!((replaced.status.as_u16(), replaced.version()), (200, created.version() + 1));
    w.delivered(2).await;
    assert_eq!(w.cached("x-1").await.json()["name"], "Other");
    let stale = send(&w, Method::PUT, path, &[("if-match", &tag)], &boot()).await;
    assert_eq!((stale.status.as_u16(), stale.version()), (412, replaced.version()));

    let deleted = w.send(Method::DELETE, path, &[("if-match", replaced.header("etag"))], "").await;
    assert_eq!((deleted.status.as_u16(), deleted.version(), deleted.body.as_str()), (204, 0, ""));
    w.delivered(3).await;
    assert_eq!(w.product("x-1").await.status.as_u16(), 404);
    assert!(w.product("x-1").await.is_hit(), "absence is cached");
    let reborn = w.create("x-1", &boot()).await;
    assert!(reborn.version() > replaced.version(), "a new life continues above the old one");
    assert_eq!(w.product("x-1").await.version(), reborn.version());
}

#[tokio::test]
async fn a_write_without_a_condition_is_refused_with_what_to_send() {
    let w = World::start().await;
    for (method, wanted) in
        [(Method::PUT, "If-None-Match"), (Method::PATCH, "If-Match"), (Method::DELETE, "If-Match")]
    {
        let answer = send(&w, method.clone(), BOOT, &[], &boot()).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (428, "no-store"), "{method}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(wanted), "{answer:?}");
    }
}

#[tokio::test]
async fn conditions_that_are_none_or_contradict_are_refused() {
    let w = World::start().await;
    let tag = w.product("boots-001").await.header("etag").to_owned();
    let cases: [(&[(&str, &str)], u16); 5] = [
        (&[("if-match", "7")], 400),
        (&[("if-none-match", "\"x\"")], 400),
        (&[("if-none-match", "*"), ("if-match", &tag)], 400),
        (&[("if-match", "\"never-given-out\"")], 412),
        (&[("if-none-match", "*")], 412),
    ];
    for (headers, status) in cases {
        let answer = send(&w, Method::PUT, BOOT, headers, &boot()).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?}: {answer:?}");
    }
    let weak = format!("W/{tag}");
    let answer = send(&w, Method::PUT, BOOT, &[("if-match", &weak)], &boot()).await;
    assert_eq!(answer.status.as_u16(), 200, "an edge makes tags weak");
}

#[tokio::test]
async fn what_is_no_valid_product_is_refused_field_by_field_and_nothing_is_written() {
    let w = World::start().await;
    let before = w.product("boots-001").await;
    let bad =
        json!({"name": "", "category": "boots", "price_cents": -1, "currency": "EURO", "colour": "red"});
    let answer = send(&w, Method::PUT, BOOT, &[("if-match", "*")], &bad).await;
    assert_eq!(answer.status.as_u16(), 400);
    let pointers: Vec<_> =
        answer.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/name", "/price_cents", "/currency", "/colour"]);
    let not_json = w.send(Method::PUT, BOOT, &[("if-match", "*")], "{\"name\":").await;
    assert_eq!(not_json.status.as_u16(), 400);
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(w.send(Method::PUT, BOOT, &[("if-match", "*")], &deep).await.status.as_u16(), 400);
    let large = format!("\"{}\"", "x".repeat(300_000));
    assert_eq!(w.send(Method::PUT, BOOT, &[("if-match", "*")], &large).await.status.as_u16(), 413);
    let text = [("if-match", "*"), ("content-type", "text/plain")];
    assert_eq!(send(&w, Method::PUT, BOOT, &text, &boot()).await.status.as_u16(), 415);
    assert_eq!(w.product("boots-001").await.version(), before.version());
}

#[tokio::test]
async fn what_is_not_there_can_be_neither_patched_nor_deleted_nor_replaced() {
    let w = World::start().await;
    let path = "/api/admin/products/no-such";
    assert_eq!(w.patch("no-such", &json!({"price_cents": 1})).await.status.as_u16(), 404);
    assert_eq!(w.send(Method::DELETE, path, &[("if-match", "*")], "").await.status.as_u16(), 404);
    assert_eq!(send(&w, Method::PUT, path, &[("if-match", "*")], &boot()).await.status.as_u16(), 412);
    assert_eq!(w.send(Method::POST, path, &[], "").await.status.as_u16(), 405);
    assert_eq!(w.patch("a.b", &json!({})).await.status.as_u16(), 400);
}

#[tokio::test]
async fn a_row_that_is_no_product_can_be_repaired_but_not_patched() {
    let w = World::start().await;
    w.write_directly("boots-001", "SET price_cents = :p REMOVE version", &[(":p", s("cheap"))]).await;
    let read = w.get("/api/fresh/products/boots-001").await;
    assert_eq!((read.status.as_u16(), read.header("cache-control")), (500, "no-store"));
    assert!(read.json()["detail"].as_str().unwrap().contains("price_cents has the type S"), "{read:?}");
    assert_eq!(w.patch("boots-001", &json!({"name": "x"})).await.status.as_u16(), 409);
    let repaired = send(&w, Method::PUT, BOOT, &[("if-match", "*")], &boot()).await;
    assert_eq!(repaired.status.as_u16(), 200);
    assert_eq!(w.product("boots-001").await.version(), repaired.version());
}

#[tokio::test]
async fn a_write_leaves_what_other_programs_keep_in_the_row() {
    let w = World::start().await;
    w.write_directly("boots-001", "SET expires_at = :t", &[(":t", integration_tests::n(4_000_000_000))])
        .await;
    assert_eq!(w.patch("boots-001", &json!({"price_cents": 5})).await.status.as_u16(), 200);
    let row = w
        .dynamodb
        .get_item()
        .table_name(&w.stack.endpoints.table)
        .key("id", s("boots-001"))
        .send()
        .await
        .unwrap();
    assert_eq!(row.item.unwrap()["expires_at"], integration_tests::n(4_000_000_000));
}
