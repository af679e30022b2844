//! What can be seen of the running system: logs, metrics, one change followed, the busiest keys.

use integration_tests::{World, binaries, n, send};
use local::observe::account::{Account, Row};
use local::observe::client::Client;
use local::observe::traffic::Key;
use local_lambda::LogLine;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::broadcast;

const BOOT: &str = "/api/products/boots-001";
const TRACE: &str = "1-67891233-abcdef012345678912345678";

/// The next line of a function that is JSON and has what is wanted.
async fn line(
    lines: &mut broadcast::Receiver<LogLine>,
    function: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    loop {
        let line = lines.recv().await.unwrap();
        if &*line.function == function
            && let Ok(fields) = serde_json::from_str(&line.line)
            && wanted(&fields)
        {
            return fields;
        }
    }
}

async fn followed(w: &World, id: &str) -> Vec<Account> {
    let url = format!("{}/trace?id={id}", w.stack.endpoints.observe);
    w.http.get(url).send().await.unwrap().json().await.unwrap()
}

/// Waits until the log tells that the edge was told of this change.
async fn told_edge(lines: &mut broadcast::Receiver<LogLine>, version: u64) -> Value {
    let purged = |line: &Value| line["step"] == "purged" && line["version"] == version;
    line(lines, "edge-invalidator", purged).await
}

fn row<'a>(account: &'a Account, step: &str, by: &str) -> &'a Row {
    let found = account.rows.iter().find(|row| row.step == step && row.by == by);
    found.unwrap_or_else(|| panic!("no {step} by {by}: {account:#?}"))
}

#[tokio::test]
async fn a_change_is_followed_from_its_write_to_the_edge() {
    let w = World::start().await;
    let mut lines = w.stack.logs.subscribe();
    send(&w.http, &w.stack.endpoints.edge, Method::GET, BOOT, &[], "").await;
    let headers = [
        ("if-match", "*"),
        ("content-type", "application/merge-patch+json"),
        ("x-amzn-trace-id", &format!("Root={TRACE};Sampled=1")),
    ];
    let path = "/api/admin/products/boots-001";
    let written = w.send(Method::PATCH, path, &headers, r#"{"price_cents": 61}"#).await.version();
    let purged = told_edge(&mut lines, written).await;
    send(&w.http, &w.stack.endpoints.edge, Method::GET, BOOT, &[], "").await;

    let by_version = followed(&w, &format!("boots-001@{written}")).await;
    let account = &by_version[0];
    assert_eq!((account.product.as_str(), account.version), ("boots-001", written));
    let write = row(account, "written", "write-api");
    assert_eq!(write.trace_id, TRACE, "as the client sent it");
    let told = row(account, "told", "stream-invalidator");
    let published = row(account, "published", "stream-invalidator");
    assert_eq!((&told.request_id, &told.trace_id), (&published.request_id, &published.trace_id));
    assert!(told.trace_id != TRACE, "no trace passes through a stream");
    let edge = row(account, "purged", "edge-invalidator");
    assert_eq!(edge.event_id, published.event_id, "one event, from the bus to the edge");
    assert_eq!(purged["upstream_trace_id"], published.trace_id.as_str());
    for (step, by) in [("floor", "cache"), ("streamed", "stream"), ("queued", "bus"), ("purged", "edge")] {
        row(account, step, by);
    }
    let ids: Vec<_> = [write, told, edge].iter().map(|row| row.request_id.as_str()).collect();
    assert!(ids.iter().all(|id| !id.is_empty()) && ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");

    for id in ["boots-001", TRACE, &published.trace_id] {
        let found = followed(&w, id).await;
        assert_eq!((found[0].product.as_str(), found[0].version), ("boots-001", written), "{id}");
    }
    assert_eq!(followed(&w, "boots-002").await, []);
}

#[tokio::test]
async fn a_change_of_another_program_is_followed_as_well() {
    let w = World::start().await;
    let mut lines = w.stack.logs.subscribe();
    let before = w.cached("boots-001").await.version();
    let values = [(":p", n(62)), (":v", n(before + 1))];
    w.write_directly("boots-001", "SET price_cents = :p, version = :v", &values).await;
    told_edge(&mut lines, before + 1).await;
    let account = &followed(&w, "boots-001").await[0];
    assert_eq!(account.version, before + 1);
    assert!(!account.rows.iter().any(|row| row.by == "write-api"), "{account:#?}");
    row(account, "floor", "cache");
    row(account, "published", "stream-invalidator");
}

#[tokio::test]
async fn metrics_come_as_bare_lines_with_bounded_dimensions() {
    let w = World::start().await;
    let mut lines = w.stack.logs.subscribe();
    w.product("boots-001").await;
    let miss = line(&mut lines, "read-api", |line| line.get("Miss").is_some()).await;
    assert_eq!(
        (&miss["Miss"], &miss["Family"], &miss["Level"]),
        (&json!(1), &json!("product"), &json!("valkey"))
    );
    assert_eq!(miss["FunctionName"], "read-api");
    assert!(miss.get("level").is_none() && miss.get("message").is_none(), "no line of the log: {miss}");
    let directive = &miss["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], "Tidemark");
    assert_eq!(directive["Dimensions"], json!([["FunctionName", "Family", "Level"], ["FunctionName"]]));

    let written = w.patch("boots-001", &json!({"price_cents": 61})).await.version();
    let batch = line(&mut lines, "stream-invalidator", |line| line.get("Told").is_some()).await;
    assert_eq!((&batch["Told"], &batch["Untold"]), (&json!(1), &json!(0)));
    assert!(batch["WriteToFloorLag"][0].as_u64().unwrap() < 60_000, "{batch}");
    let purge = line(&mut lines, "edge-invalidator", |line| line.get("ItemsSent").is_some()).await;
    assert!(purge["WriteToEdgeLag"][0].as_u64().unwrap() < 60_000, "{purge}");
    assert_eq!((&purge["ItemsSent"], &purge["MonthSpend"]), (&json!(1), &json!(0)), "version {written}");
}

#[tokio::test]
async fn metrics_can_be_switched_off_and_an_answered_read_writes_no_line() {
    let w = World::with_read_api(&[("METRICS", "off")]).await;
    let mut lines = w.stack.logs.subscribe();
    w.cached("boots-001").await;
    // What cannot be read is logged: everything before it would be here by now.
    w.write_directly("boots-001", "SET price_cents = :p", &[(":p", integration_tests::s("x"))]).await;
    w.send(Method::GET, BOOT, &[("cache-control", "no-cache")], "").await;
    let first = line(&mut lines, "read-api", |_| true).await;
    assert_eq!((&first["level"], &first["product"]), (&json!("ERROR"), &json!("boots-001")));
    for id in ["request_id", "trace_id"] {
        assert!(first[id].as_str().is_some_and(|id| !id.is_empty()), "{first}");
    }
}

#[tokio::test]
async fn the_busiest_keys_are_told_with_their_levels_and_their_writers() {
    let folder = tempfile::tempdir().unwrap();
    let env_file = folder.path().join(".env.local");
    let w = World::with(|options| {
        options.env_file = Some(env_file.clone());
        // It reads what it audits.
        let auditor = options.overrides.entry("consistency-auditor").or_default();
        auditor.insert("AUDIT_SAMPLE_PERCENT".to_owned(), "0".to_owned());
    })
    .await;
    let mut lines = w.stack.logs.subscribe();
    let edge = w.stack.endpoints.edge.clone();
    for _ in 0..4 {
        send(&w.http, &edge, Method::GET, BOOT, &[], "").await;
    }
    let version = w.patch("boots-001", &json!({"price_cents": 61})).await.version();
    let values = [(":p", n(62)), (":v", n(version + 1))];
    w.write_directly("boots-001", "SET price_cents = :p, version = :v", &values).await;
    told_edge(&mut lines, version + 1).await;

    let client = Client::find(&env_file).unwrap();
    let keys: Vec<Key> = client.ask("/top", &[("most", "1")]).await.unwrap();
    let counts = &keys[0].counts;
    assert_eq!((keys[0].key.as_str(), counts.edge, counts.edge_hits), (BOOT, 4, 3));
    assert_eq!((counts.api, counts.patches, counts.foreign()), (1, 1, 1));

    let run = async |program: &str, argument: &str| {
        let mut command = Command::new(binaries().join(program));
        let output = command.arg(argument).arg("--env-file").arg(&env_file).output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let trace = run("trace", &format!("boots-001@{version}")).await;
    let top = run("top", "--once").await;
    assert!(trace.contains("written") && trace.contains("write-api"), "{trace}");
    assert!(top.contains(BOOT) && top.contains("PATCH 1, other programs 1"), "{top}");
}
