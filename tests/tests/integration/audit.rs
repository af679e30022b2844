//! The auditor sees what viewers see: a level that is not told shows up, one that is told does not.

use std::time::Duration;

use integration_tests::{Answer, World, n, send};
use local_lambda::LogLine;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

/// A deliberately broken invalidator shows within this time.
const A_MINUTE: Duration = Duration::from_secs(60);

/// A stack in which every change is looked at, with one more setting.
async fn audited(setting: Option<(&'static str, &str, &str)>) -> World {
    World::with(|options| {
        let settings = [("consistency-auditor", "AUDIT_SAMPLE_PERCENT", "100")].into_iter().chain(setting);
        for (function, name, value) in settings {
            options.overrides.entry(function).or_default().insert(name.to_owned(), value.to_owned());
        }
    })
    .await
}

/// What the auditor says from here on.
struct Said(broadcast::Receiver<LogLine>);

impl Said {
    fn by_the_auditor_of(w: &World) -> Said {
        Said(w.stack.logs.subscribe())
    }

    /// The first line that has all of these members.
    async fn line(&mut self, wanted: &Value) -> Value {
        let found = timeout(A_MINUTE, async {
            loop {
                match self.0.recv().await {
                    Ok(line) if &*line.function == "consistency-auditor" => {
                        println!("{}", line.line);
                        let line: Value = serde_json::from_str(&line.line).unwrap_or_default();
                        if wanted
                            .as_object()
                            .unwrap()
                            .iter()
                            .all(|(name, value)| line.get(name) == Some(value))
                        {
                            return line;
                        }
                    }
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => panic!("the stack has ended"),
                }
            }
        });
        found.await.unwrap_or_else(|_| panic!("within a minute the auditor did not say {wanted}"))
    }

    /// What a look at a change came to, at edge and API.
    async fn look(&mut self, product: &str, after: u64) -> (String, String) {
        let wanted = json!({"message": "looked at a change", "product": product, "after": after});
        let line = self.line(&wanted).await;
        let word = |level: &str| line[level].as_str().unwrap().to_owned();
        (word("edge"), word("api"))
    }
}

/// Has the edge hold a product.
async fn held(w: &World, id: &str) -> Answer {
    let path = format!("/api/products/{id}");
    let at_edge = async || send(&w.http, &w.stack.endpoints.edge, Method::GET, &path, &[], "").await;
    at_edge().await;
    let answer = at_edge().await;
    assert_eq!(answer.header("x-cache"), "Hit from cloudfront", "{answer:?}");
    answer
}

#[tokio::test]
async fn a_healthy_stack_is_consistent_after_ten_seconds_whatever_is_written() {
    let w = audited(None).await;
    for id in ["boots-001", "boots-002", "boots-003"] {
        held(&w, id).await;
    }
    let mut said = Said::by_the_auditor_of(&w);
    w.patch("boots-001", &json!({"price_cents": 61})).await;
    w.write_directly("boots-002", "SET price_cents = :p", &[(":p", n(62))]).await;
    w.send(Method::DELETE, "/api/admin/products/boots-003", &[("if-match", "*")], "").await;
    let counted = json!({"FunctionName": "consistency-auditor", "Level": "edge", "After": "10"});
    let mut consistent = 0;
    while consistent < 3 {
        let line = said.line(&counted).await;
        assert!(line.get("Behind").is_none() && line.get("Unanswered").is_none(), "{line}");
        consistent += line["Consistent"].as_u64().unwrap();
    }
}

#[tokio::test]
async fn an_edge_that_is_never_purged_is_found_behind_within_a_minute_whatever_was_written() {
    let w = audited(Some(("edge-invalidator", "EDGE_INVALIDATION", "ttl-only"))).await;
    let before = held(&w, "boots-001").await.version();
    let old = held(&w, "boots-002").await;
    held(&w, "boots-003").await;
    let mut said = Said::by_the_auditor_of(&w);

    let written = w.patch("boots-001", &json!({"price_cents": 61})).await.version();
    let behind = |product: &str| json!({"level": "WARN", "message": "a level is behind", "product": product, "at": "edge", "after": 1});
    let line = said.line(&behind("boots-001")).await;
    assert_eq!((&line["version"], &line["expected"]), (&json!(written), &json!(written.to_string())));
    assert_eq!((&line["version_seen"], &line["x_cache"]), (&json!(before), &json!("Hit from cloudfront")));
    assert!((1_000..30_000).contains(&line["behind_by_ms"].as_u64().unwrap()), "{line}");

    w.write_directly("boots-002", "SET price_cents = :p", &[(":p", n(62))]).await;
    let line = said.line(&behind("boots-002")).await;
    assert_eq!(line["version_seen"], old.version(), "its version has not grown: the content tells");
    assert_eq!(line["seen"], old.header("etag").trim_matches('"'));
    assert_eq!(said.look("boots-002", 1).await, ("behind".into(), "consistent".into()));

    w.send(Method::DELETE, "/api/admin/products/boots-003", &[("if-match", "*")], "").await;
    let line = said.line(&behind("boots-003")).await;
    assert_eq!(line["expected"], "absent");
    let counted = said.line(&json!({"Level": "edge", "After": "1"})).await;
    assert_eq!(counted["Behind"], 1, "{counted}");
    assert!(counted["BehindBy"][0].as_u64().unwrap() >= 1_000, "{counted}");
}

#[tokio::test]
async fn a_cache_that_is_never_told_is_found_behind_within_a_minute() {
    // It tells a namespace that nobody reads, and publishes.
    let w = audited(Some(("stream-invalidator", "CACHE_NAMESPACE", "elsewhere"))).await;
    let before = w.cached("boots-001").await.version();
    let mut said = Said::by_the_auditor_of(&w);
    let values = [(":p", n(61)), (":v", n(before + 1))];
    w.write_directly("boots-001", "SET price_cents = :p, version = :v", &values).await;
    let wanted = json!({"message": "a level is behind", "product": "boots-001", "at": "api", "after": 1});
    let line = said.line(&wanted).await;
    assert_eq!(
        (&line["expected"], &line["version_seen"]),
        (&json!((before + 1).to_string()), &json!(before))
    );
    assert!(line["cache_status"].as_str().unwrap().starts_with("Valkey; hit"), "{line}");
}
