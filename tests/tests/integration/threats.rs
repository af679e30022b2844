//! What a stranger can send, and what it does not do. The table in `docs/threats.md` names these tests.

use std::collections::BTreeSet;

use integration_tests::{Answer, World, send};
use local_edge::EventKind;
use reqwest::Method;
use serde_json::{Value, json};

const BOOT: &str = "/api/products/boots-001";

async fn at_edge(w: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(&w.http, &w.stack.endpoints.edge, Method::GET, path, headers, "").await
}

#[tokio::test]
async fn without_the_origins_secret_the_api_answers_nothing_that_could_be_kept() {
    let w = World::with_read_api(&[("ORIGIN_SECRET", "hunter2hunter2")]).await;
    let long = "hunter2hunter2".repeat(500);
    for shown in ["", "hunter2", "hunter2hunter", "hunter2hunter2,hunter2hunter2", "HUNTER2HUNTER2", &long] {
        for path in [BOOT, "/api/products", "/api/fresh/products/boots-001", "/api/products/a.b"] {
            let answer = w.send(Method::GET, path, &[("x-origin-secret", shown)], "").await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("cache-control")),
                (403, "no-store"),
                "{shown}"
            );
        }
    }
    assert_eq!(w.get(BOOT).await.status.as_u16(), 403);
    let shown = [("x-origin-secret", "hunter2hunter2")];
    assert_eq!(w.send(Method::GET, BOOT, &shown, "").await.status.as_u16(), 200);
}

/// While the secret is rotated, edge and auditor send the one before.
#[tokio::test]
async fn the_previous_secret_opens_the_api_only_while_it_is_named() {
    let w = World::with_read_api(&[
        ("ORIGIN_SECRET", "hunter3hunter3"),
        ("ORIGIN_SECRET_PREVIOUS", "hunter2hunter2"),
    ])
    .await;
    let mut statuses = Vec::new();
    for shown in ["hunter3hunter3", "hunter2hunter2", "hunter1hunter1", "hunter3hunter3hunter2hunter2", ""] {
        let answer = w.send(Method::GET, BOOT, &[("x-origin-secret", shown)], "").await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 403, 403, 403]);
    let w = World::with_read_api(&[("ORIGIN_SECRET", "hunter3hunter3")]).await;
    let previous = [("x-origin-secret", "hunter2hunter2")];
    assert_eq!(w.send(Method::GET, BOOT, &previous, "").await.status.as_u16(), 403);
}

/// Poisoning: one viewer sends what is not part of the key, others get the answer.
#[tokio::test]
async fn what_a_viewer_sends_beside_the_key_changes_nobodys_answer() {
    let w = World::start().await;
    let clean = w.cached("boots-001").await;
    let hostile = [
        ("x-http-method-override", "DELETE"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "a b"),
        ("x-original-url", "/api/admin/products/boots-001"),
        ("x-rewrite-url", "/api/fresh/products/boots-001"),
        ("x-origin-secret", "guess"),
        ("x-cache-version", "1"),
        ("cache-tag", "product:other"),
        ("if-none-match", "*"),
        ("range", "bytes=0-1"),
        ("accept", "text/html"),
        ("cookie", "session=1"),
        ("authorization", "Bearer x"),
    ];
    for path in
        [format!("{BOOT}?x=%3Cscript%3E&cursor=a&limit=0"), "/api/products?x=1&utm_source=evil".to_owned()]
    {
        let poisoned = at_edge(&w, &path, &hostile).await;
        assert!(poisoned.status.as_u16() < 400, "{poisoned:?}");
        assert!(!format!("{poisoned:?}").contains("evil"), "{poisoned:?}");
    }
    let next = at_edge(&w, BOOT, &[]).await;
    assert_eq!((next.header("x-cache"), next.status.as_u16()), ("Hit from cloudfront", 200), "{next:?}");
    assert_eq!((&next.body, next.version()), (&clean.body, clean.version()));
    assert_eq!(at_edge(&w, "/api/products", &[]).await.status.as_u16(), 200);
    let large = "x".repeat(12_000);
    let refused = at_edge(&w, "/api/products/boots-002", &[("x-large", &large)]).await;
    assert_eq!(refused.status.as_u16(), 200, "a header that is too large for the origin never reaches it");
}

#[tokio::test]
async fn no_cache_through_the_edge_does_not_make_it_to_the_table() {
    let w = World::start().await;
    w.cached("boots-001").await;
    let wish = [("cache-control", "no-cache"), ("pragma", "no-cache")];
    let answer = at_edge(&w, BOOT, &wish).await;
    assert!(answer.is_hit(), "a miss at the edge, a hit in the cache: {answer:?}");
    let forwarded = [("cache-control", "no-cache"), ("via", "1.1 x.cloudfront.net (CloudFront)")];
    assert!(
        w.send(Method::GET, BOOT, &forwarded, "").await.is_hit(),
        "should an edge forward it all the same"
    );
}

/// Cache busting: the header is part of the edge's key, so every value is a miss there.
#[tokio::test]
async fn minimum_versions_fill_no_cache_and_ask_no_table_while_it_has_them() {
    let w = World::start().await;
    let have = w.cached("boots-001").await.version();
    at_edge(&w, BOOT, &[]).await;
    let (objects, bytes) = w.stack.edge.edge.size();
    for minimum in (have - 30)..have {
        let answer = at_edge(&w, BOOT, &[("x-cache-min-version", &minimum.to_string())]).await;
        assert!(answer.status.as_u16() == 200 && answer.is_hit(), "{answer:?}");
    }
    let beyond = at_edge(&w, BOOT, &[("x-cache-min-version", "18446744073709551615")]).await;
    assert_eq!(beyond.status.as_u16(), 412);
    assert_eq!(w.stack.edge.edge.size(), (objects, bytes), "the edge keeps none of it");
    let plain = w.product("boots-001").await;
    assert!(plain.is_hit() && plain.version() == have, "and others read as before: {plain:?}");
}

#[tokio::test]
async fn a_product_is_one_object_at_the_edge_whatever_its_query_string() {
    let w = World::start().await;
    at_edge(&w, BOOT, &[]).await;
    for query in ["cursor=1", "limit=7", "ids=a", "category=b", "currency=EUR", "utm_source=x"] {
        let answer = at_edge(&w, &format!("{BOOT}?{query}"), &[]).await;
        assert_eq!(answer.header("x-cache"), "Hit from cloudfront", "{query}");
    }
}

/// Flooding: what does not exist leaves little behind, and not for long.
#[tokio::test]
async fn ids_and_lists_that_do_not_exist_leave_small_records_that_end_soon() {
    let w = World::start().await;
    let mut redis = w.redis().await;
    let keys = async |redis: &mut redis::aio::MultiplexedConnection| -> BTreeSet<String> {
        redis::cmd("KEYS").arg("*").query_async(redis).await.unwrap()
    };
    for bad in ["a.b", "a%20b", "%7Ba%7D:b", "a%0D%0ASET%20x%20y", &"x".repeat(65)] {
        assert_eq!(w.product(bad).await.status.as_u16(), 400, "{bad}");
    }
    assert_eq!(keys(&mut redis).await, BTreeSet::new(), "what cannot be an id becomes no key");
    for n in 0..20 {
        assert_eq!(w.product(&format!("none-{n}")).await.status.as_u16(), 404);
    }
    w.get("/api/products?ids=many-1,many-2,many-3").await;
    let absent = keys(&mut redis).await;
    assert_eq!(absent.len(), 23);
    for key in &absent {
        let (lives, size) = life(&mut redis, key).await;
        assert!(lives <= 60_000 && size <= 128, "{key}: {lives} ms, {size} bytes");
    }
    w.get("/api/products?category=no-such").await;
    for key in keys(&mut redis).await.difference(&absent) {
        let (lives, size) = life(&mut redis, key).await;
        assert!(lives <= 3_600_000 && size <= 256, "{key}: {lives} ms, {size} bytes");
    }
}

async fn life(redis: &mut redis::aio::MultiplexedConnection, key: &str) -> (u64, u64) {
    let mut both = redis::pipe();
    both.cmd("PTTL").arg(key).cmd("STRLEN").arg(key);
    both.query_async(redis).await.unwrap()
}

/// Cache deception: a path that one level takes for something else than the next.
#[tokio::test]
async fn paths_that_only_look_like_a_product_are_none() {
    let w = World::start().await;
    let paths = [
        "/api/products/boots-001.css",
        "/api/products/boots-001/x.css",
        "/api/products/boots-001%2F",
        "/api/products/boots-001%2Fx.css",
        "/api/products//boots-001",
        "//api/products/boots-001",
        "/api//products/boots-001",
        "/api/products/boots-001%23x",
        "/api/products/boots-001%3Fids=x",
        "/api/products/boots-001%09",
        "/api/products/boots-001%0A",
        "/api/products/%00boots-001",
        "/api/products/boots-001;x=1",
        "/api/products/x%2F..%2Fboots-001",
        "/api/fresh%2F..%2Fproducts%2Fboots-001",
        "/api/x%2F..%2Fadmin%2Fproducts%2Fboots-001",
        "/api%5Cproducts%5Cboots-001",
        "/API/products/boots-001",
    ];
    for path in paths {
        for _ in 0..2 {
            let answer = at_edge(&w, path, &[]).await;
            assert!(answer.status.is_client_error(), "{path}: {answer:?}");
            assert_ne!(answer.header("x-cache"), "Hit from cloudfront", "{path}");
            assert!(!answer.body.contains("price_cents"), "{path}");
        }
    }
}

/// What the edge guards by signatures is not opened by a path that it takes for another one.
#[tokio::test]
async fn a_guarded_path_is_opened_by_the_edge_alone() {
    let w = World::with_read_api(&[("PRIVATE_PRODUCTS", "yes")]).await;
    let path = "/api/private/products/boots-001";
    let asked_by = async |behaviour: &str| {
        w.send(Method::GET, path, &[("x-origin-behaviour", behaviour)], "").await.status.as_u16()
    };
    assert_eq!(w.get(path).await.status.as_u16(), 404);
    assert_eq!((asked_by("public").await, asked_by("private").await), (404, 200));
    let forged = [("x-origin-behaviour", "private")];
    for path in [
        path,
        "/api/private%2Fproducts%2Fboots-001",
        "/api/x%2F..%2Fprivate%2Fproducts%2Fboots-001",
        "/api/fresh/..%2Fprivate%2Fproducts%2Fboots-001",
        "/api/fresh%2F..%2Fprivate%2Fproducts%2Fboots-001",
    ] {
        let answer = at_edge(&w, path, &forged).await;
        assert!(
            answer.status.is_client_error() && !answer.body.contains("price_cents"),
            "{path}: {answer:?}"
        );
    }
}

/// Another spelling of the same path is another object at the edge; it carries the product's tag, and goes with it.
#[tokio::test]
async fn an_encoded_spelling_of_a_product_is_purged_with_it() {
    let w = World::start().await;
    let alias = "/api/products/%62oots-001";
    let before = at_edge(&w, alias, &[]).await;
    if before.status.as_u16() != 200 {
        assert!(before.status.is_client_error(), "served as it is or not at all: {before:?}");
        return;
    }
    let mut events = w.stack.edge.edge.subscribe();
    w.patch("boots-001", &json!({"price_cents": 61})).await;
    loop {
        let event = events.recv().await.unwrap();
        if event.kind == EventKind::Purged && event.key.starts_with(alias) {
            break;
        }
    }
    assert_eq!(at_edge(&w, alias, &[]).await.version(), before.version() + 1);
}

#[tokio::test]
async fn bodies_that_are_too_deep_or_too_large_are_refused_with_an_answer_of_ordinary_size() {
    let w = World::start().await;
    let path = "/api/admin/products/boots-001";
    let headers = [("if-match", "*"), ("content-type", "application/merge-patch+json")];
    let many: serde_json::Map<String, Value> = (0..8_000).map(|n| (format!("x{n}"), json!(n))).collect();
    let bodies = [
        (format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)), 400),
        ("[".repeat(100_000), 400),
        (format!("{{\"name\":\"{}\"}}", "x".repeat(257 * 1024)), 413),
        (json!(many).to_string(), 400),
        ("{\"price_cents\":1e999}".to_owned(), 400),
        ("{\"name\":\"\u{fffd}\\ud800\"}".to_owned(), 400),
    ];
    for (body, status) in bodies {
        let answer = w.send(Method::PATCH, path, &headers, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        assert!(answer.body.len() < 32_000, "{} bytes for {}", answer.body.len(), body.len());
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

/// Whatever a request holds, a log line is one JSON object on one line, and none holds a secret.
#[tokio::test]
async fn no_request_writes_a_log_line_of_its_own_and_no_line_holds_a_secret() {
    let w = World::with(|options| {
        let settings = options.overrides.entry("read-api").or_default();
        settings.insert("ORIGIN_SECRET".to_owned(), "hunter2hunter2".to_owned());
        settings.insert("LOG_LEVEL".to_owned(), "trace".to_owned());
    })
    .await;
    let mut logs = w.stack.logs.subscribe();
    let forged = "x%0A%7B%22level%22:%22ERROR%22,%22message%22:%22forged%22%7D";
    let headers = [
        ("x-origin-secret", "hunter2hunter2"),
        ("x-amzn-trace-id", "Root=1-{\"_aws\":{}}"),
        ("x-cache-min-version", "{\"message\":\"forged\"}"),
    ];
    for path in
        [format!("/api/products/{forged}"), format!("/api/products?category={forged}"), BOOT.to_owned()]
    {
        w.send(Method::GET, &path, &headers, "").await;
        w.send(Method::GET, &path, &headers[..1], "").await;
    }
    let mut lines = 0;
    while let Ok(line) = logs.try_recv() {
        let text = line.line;
        assert!(!text.contains("hunter2"), "{text}");
        if let Ok(Value::Object(fields)) = serde_json::from_str(&text) {
            assert_ne!(fields.get("message"), Some(&json!("forged")), "{text}");
            lines += 1;
        } else {
            assert!(!text.contains("forged"), "no JSON, and a stranger's words in it: {text}");
        }
    }
    assert!(lines > 0, "something was logged");
}

/// The stack on a developer's machine is nobody else's: every listener is on loopback.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn every_listener_of_the_local_stack_is_on_loopback() {
    let w = World::start().await;
    let endpoints = serde_json::to_value(&w.stack.endpoints).unwrap();
    let urls = endpoints.as_object().unwrap().values().filter_map(Value::as_str);
    let hosts: Vec<_> = urls.filter(|url| url.contains("://")).collect();
    assert!(hosts.len() >= 8 && hosts.iter().all(|url| url.contains("://127.0.0.1:")), "{hosts:?}");
    let ports: BTreeSet<u16> = hosts.iter().filter_map(|url| port_of(url)).collect();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in std::fs::read_to_string(table).unwrap_or_default().lines().skip(1) {
            let columns: Vec<_> = line.split_whitespace().collect();
            let (address, port) = columns[1].split_once(':').unwrap();
            let listens = columns[3] == "0A" && ports.contains(&u16::from_str_radix(port, 16).unwrap());
            assert!(!listens || address == "0100007F", "{line}");
        }
    }
}

fn port_of(url: &str) -> Option<u16> {
    let digits: String = url.rsplit(':').next()?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
