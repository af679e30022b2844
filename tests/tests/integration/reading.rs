//! GET and HEAD of products.

use integration_tests::World;
use reqwest::Method;
use serde_json::json;

const BOOT: &str = "/api/products/boots-001";

#[tokio::test]
async fn the_first_read_loads_and_the_second_hits_with_the_same_bytes() {
    let w = World::start().await;
    let first = w.get(BOOT).await;
    assert_eq!((first.status.as_u16(), first.header("cache-status")), (200, "Valkey; fwd=uri-miss; stored"));
    let second = w.get(BOOT).await;
    assert!(second.is_hit(), "{second:?}");
    assert_eq!((&first.body, first.header("etag")), (&second.body, second.header("etag")));
    assert_eq!(first.version(), second.json()["version"].as_u64().unwrap());
    let control = "public, max-age=0, s-maxage=60, stale-while-revalidate=30, stale-if-error=600";
    assert_eq!(second.header("cache-control"), control);
    assert_eq!(second.header("cache-tag"), "product:boots-001,category:boots");
    assert_eq!(second.header("content-type"), "application/json");
    assert_eq!(second.json()["id"], "boots-001");
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let w = World::start().await;
    let get = w.cached("boots-001").await;
    let head = w.send(Method::HEAD, BOOT, &[], "").await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    for name in ["etag", "x-cache-version", "cache-control", "cache-tag", "content-type"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test]
async fn a_caller_who_has_it_gets_304_with_every_header_and_no_body() {
    let w = World::start().await;
    let get = w.cached("boots-001").await;
    for condition in
        [get.header("etag").to_owned(), format!("\"x\", W/{}", get.header("etag")), "*".to_owned()]
    {
        let answer = w.send(Method::GET, BOOT, &[("if-none-match", &condition)], "").await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (304, ""), "{condition}");
        for name in ["etag", "x-cache-version", "cache-control", "cache-tag", "vary"] {
            assert_eq!(answer.header(name), get.header(name), "{name}");
        }
    }
    let other = w.send(Method::GET, BOOT, &[("if-none-match", "\"1-00000000\"")], "").await;
    assert_eq!(other.status.as_u16(), 200);
}

#[tokio::test]
async fn an_unknown_product_is_a_cached_404_until_it_is_created() {
    let w = World::start().await;
    let first = w.product("no-such").await;
    assert_eq!((first.status.as_u16(), first.version()), (404, 0));
    assert_eq!(first.header("content-type"), "application/problem+json");
    assert_eq!(first.header("cache-control"), "public, max-age=0, s-maxage=5");
    assert_eq!(first.header("cache-tag"), "product:no-such", "or a create could never purge it");
    assert!(w.product("no-such").await.is_hit());
    let body = json!({"name": "New", "category": "boots", "price_cents": 1, "currency": "EUR"});
    let created = w.create("no-such", &body).await;
    assert_eq!(created.status.as_u16(), 201, "{created:?}");
    let read = w.product("no-such").await;
    assert_eq!((read.status.as_u16(), read.version()), (200, created.version()));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_what_is_wrong_and_what_to_do() {
    let w = World::start().await;
    let long = format!("/api/products/{}", "x".repeat(65));
    for path in
        ["/api/products/a%20b", "/api/products/a.b", "/api/fresh/products/a~b", &long, "/api/products/a/b"]
    {
        let answer = w.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (400, "no-store"), "{path}");
        assert_eq!(answer.version(), 0);
        assert!(answer.json()["detail"].as_str().unwrap().contains("1 to 64 characters"), "{answer:?}");
    }
    let minimum = w.send(Method::GET, BOOT, &[("x-cache-min-version", "new")], "").await;
    assert_eq!(minimum.status.as_u16(), 400);
    assert!(minimum.json()["detail"].as_str().unwrap().contains("X-Cache-Min-Version"));
    let post = w.send(Method::POST, BOOT, &[], "").await;
    assert_eq!((post.status.as_u16(), post.header("allow")), (405, "GET, HEAD"));
    assert_eq!(w.get("/api/nothing").await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_minimum_version_is_met_or_refused_and_never_kept() {
    let w = World::start().await;
    let have = w.cached("boots-001").await.version();
    let ask = |minimum: u64| {
        let (w, minimum) = (&w, minimum.to_string());
        async move { w.send(Method::GET, BOOT, &[("x-cache-min-version", &minimum)], "").await }
    };
    let met = ask(have).await;
    assert_eq!((met.status.as_u16(), met.header("cache-control")), (200, "private, no-store"));
    assert!(met.is_hit());
    let refused = ask(have + 1).await;
    assert_eq!((refused.status.as_u16(), refused.version()), (412, have));
    assert_eq!(refused.header("cache-control"), "private, no-store");
    // Another program writes; its stream record has not come yet as far as this read is concerned.
    let direct = w.dynamodb.clone();
    direct
        .update_item()
        .table_name(&w.stack.endpoints.table)
        .key("id", integration_tests::s("boots-001"))
        .update_expression("SET version = :v, price_cents = :p")
        .expression_attribute_values(":v", integration_tests::n(have + 1))
        .expression_attribute_values(":p", integration_tests::n(1))
        .send()
        .await
        .unwrap();
    let met = ask(have + 1).await;
    assert_eq!((met.status.as_u16(), met.version()), (200, have + 1));
    assert_eq!(met.json()["price_cents"], 1);
}

#[tokio::test]
async fn no_cache_and_the_fresh_path_ask_the_table() {
    let w = World::start().await;
    w.cached("boots-001").await;
    let reload = w.send(Method::GET, BOOT, &[("cache-control", "no-cache")], "").await;
    assert_eq!(reload.header("cache-status"), "Valkey; fwd=request; stored");
    let fresh = w.get("/api/fresh/products/boots-001").await;
    assert_eq!(
        (fresh.header("cache-status"), fresh.header("cache-control")),
        ("Valkey; fwd=request", "private, no-store")
    );
    assert_eq!(fresh.body, reload.body);
    assert_eq!(w.get("/api/fresh/products/no-such").await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_hundred_warm_reads_open_no_new_connection_to_the_cache() {
    let w = World::start().await;
    w.cached("boots-001").await;
    let mut redis = w.redis().await;
    let opened = async |redis: &mut redis::aio::MultiplexedConnection| {
        let stats: String = redis::cmd("INFO").arg("stats").query_async(redis).await.unwrap();
        let line =
            stats.lines().find(|line| line.starts_with("total_connections_received:")).unwrap().to_owned();
        line.rsplit(':').next().unwrap().trim().parse::<u64>().unwrap()
    };
    let before = opened(&mut redis).await;
    for _ in 0..100 {
        assert!(w.get(BOOT).await.is_hit());
    }
    assert_eq!(opened(&mut redis).await, before);
}
