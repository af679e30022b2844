//! What each function asks of AWS when it does all that it can do.
//!
//! The functions are wired as in their `main.rs`, told what the template tells them, and given every sample event in
//! `events/` and some more. That nothing was left out is seen in the sources: see `permissions`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bus_eventbridge::EventBridgeBus;
use cache::memory::MemoryStore;
use cache::{Cache, CacheConfig, Clock, Entropy, SystemClock, UnixMillis};
use edge_cloudfront::{CloudFrontEdge, DynamoLedger};
use edge_invalidator::SqsQueue;
use lambda_support::clients;
use serde_json::{Value, json};
use template_checks::template::root;
use template_checks::{Grant, Template};

use crate::functions;
use crate::recorder::Recorder;

/// What a function asked of AWS.
pub async fn requests(template: &Template, name: &str) -> BTreeSet<Grant> {
    let (function, _) = functions::named(template, name);
    let mut environment = functions::environment(template, &function, None);
    // Who may ask is not the question here.
    environment.retain(|name, _| !name.starts_with("ORIGIN_SECRET"));
    let recorder = Recorder::default();
    match name {
        "read-api" => read_api(&environment, &recorder).await,
        "write-api" => write_api(&environment, &recorder).await,
        "stream-invalidator" => stream_invalidator(&environment, &recorder).await,
        "edge-invalidator" => {
            edge_invalidator(&environment, &recorder).await;
            edge_invalidator(&environment, &recorder.busy()).await;
        }
        "consistency-auditor" => consistency_auditor(&environment, &recorder).await,
        other => panic!("{other} is not known here: add how it is wired"),
    }
    recorder.requests()
}

async fn read_api(environment: &BTreeMap<String, String>, recorder: &Recorder) {
    let config = read_api::Config::read(&|name| environment.get(name).cloned()).unwrap();
    let api = read_api::Api::new(&config, cache(), clients::items(&recorder.aws(), &config.table));
    let mut events = events("read-api");
    let get = &events["get"];
    let lists = [("/api/products", "limit=2"), ("/api/products", "ids=boots-001,boots-002")];
    let more = lists.into_iter().chain([("/api/fresh/products/boots-001", "")]).enumerate().map(
        |(place, (path, query))| {
            let mut event = get.clone();
            event["rawPath"] = json!(path);
            event["requestContext"]["http"]["path"] = json!(path);
            event["rawQueryString"] = json!(query);
            (format!("more {place}"), event)
        },
    );
    let more: Vec<_> = more.collect();
    events.extend(more);
    for event in events.values() {
        api.answer(&serde_json::from_value(event.clone()).unwrap()).await;
    }
}

async fn write_api(environment: &BTreeMap<String, String>, recorder: &Recorder) {
    let config = write_api::Config::read(&|name| environment.get(name).cloned()).unwrap();
    let api = write_api::Api::new(&config, cache(), clients::items(&recorder.aws(), &config.table));
    for mut event in events("write-api").into_values() {
        // Whatever version there is.
        if let Some(condition) = event["headers"].get_mut("if-match") {
            *condition = json!("*");
        }
        api.answer(serde_json::from_value(event).unwrap()).await;
    }
}

async fn stream_invalidator(environment: &BTreeMap<String, String>, recorder: &Recorder) {
    let config = stream_invalidator::Config::read(&|name| environment.get(name).cloned()).unwrap();
    let client = aws_sdk_eventbridge::Client::new(&recorder.aws());
    let bus = Arc::new(EventBridgeBus::new(client, &config.bus));
    let invalidator = stream_invalidator::Invalidator::new(&config, cache(), bus);
    for event in events("stream-invalidator").into_values() {
        let event = serde_json::from_value(event).unwrap();
        invalidator.handle(event, "Root=1", Duration::from_secs(20)).await;
    }
}

async fn edge_invalidator(environment: &BTreeMap<String, String>, recorder: &Recorder) {
    // Timings and modes differ in what they ask for.
    for (timing, mode) in [("prompt", "tag"), ("double", "tag"), ("fenced", "path")] {
        let config = edge_invalidator::Config::read(&|name| match name {
            "EDGE_PURGE" => Some(timing.to_owned()),
            "EDGE_INVALIDATION" => Some(mode.to_owned()),
            name => environment.get(name).cloned(),
        });
        let config = config.unwrap();
        let aws = recorder.aws();
        let edge = CloudFrontEdge::new(aws_sdk_cloudfront::Client::new(&aws), &config.distribution);
        let ledger = DynamoLedger::new(aws_sdk_dynamodb::Client::new(&aws), &config.control_table);
        let queue =
            SqsQueue::new(aws_sdk_sqs::Client::new(&aws), &config.queue, config.failure_queue.as_deref());
        let (edge, ledger, clock) = (Arc::new(edge), Arc::new(ledger), Arc::new(Then));
        let invalidator = edge_invalidator::Invalidator::new(&config, edge, ledger, Arc::new(queue), clock);
        let mut events = events("edge-invalidator");
        let mut unreadable = events["sqs-batch"].clone();
        unreadable["Records"][0]["body"] = json!("no event");
        events.insert("unreadable".to_owned(), unreadable);
        for event in events.into_values() {
            let _some_are_refused = invalidator.handle(event).await;
        }
    }
}

async fn consistency_auditor(environment: &BTreeMap<String, String>, recorder: &Recorder) {
    let config = consistency_auditor::Config::read(&|name| match name {
        "AUDIT_SAMPLE_PERCENT" => Some("100".to_owned()),
        // Nobody answers there, at once.
        "EDGE_URL" | "API_URL" => Some("http://127.0.0.1:1".to_owned()),
        name => environment.get(name).cloned(),
    });
    let config = config.unwrap();
    let ask = Arc::new(consistency_auditor::HttpAsk::new(&config).unwrap());
    let queue = consistency_auditor::SqsQueue::new(aws_sdk_sqs::Client::new(&recorder.aws()), &config.queue);
    let metrics = Arc::new(lambda_support::Metrics::to_stdout(config.metrics));
    let clock = Arc::new(Then);
    let auditor = consistency_auditor::Auditor::new(config.sample, ask, Arc::new(queue), clock, metrics);
    for event in events("consistency-auditor").into_values() {
        let _some_are_refused = auditor.handle(event).await;
    }
}

fn cache() -> Arc<Cache> {
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    Arc::new(Cache::new(store, Arc::new(SystemClock), Entropy::from_os(), CacheConfig::default()))
}

/// The sample events of a function, by name.
fn events(function: &str) -> BTreeMap<String, Value> {
    let folder = root().join("events").join(function);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let events = files.map(|file| {
        let path = file.unwrap().path();
        let event = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), event)
    });
    events.collect()
}

/// The moment the sample events were written: later on they are too old to be purged.
struct Then;

impl Clock for Then {
    fn now(&self) -> UnixMillis {
        1_790_000_061_000
    }
}
