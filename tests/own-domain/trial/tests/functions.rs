//! The weather through the real functions.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use cache::memory::MemoryStore;
use cache::{Cache, CacheConfig, Entropy, SystemClock, Version};
use catalog::edge::{Item, Update};
use catalog::{Details, Event, Product, ProductId};
use lambda_support::gateway::Request;
use own_domain_trial::{Bus, Table};
use serde_json::{Value, json};
use stream_invalidator::{Invalidator, StreamEvent};

fn setting(name: &str) -> Option<String> {
    let value = match name {
        "TABLE_NAME" => "weather",
        "VALKEY_URL" => "redis://127.0.0.1:1",
        "EVENT_BUS_NAME" => "weather",
        _ => return None,
    };
    Some(value.to_owned())
}

/// The functions, over one cache, one table and one bus in memory.
struct Weather {
    table: Arc<Table>,
    bus: Arc<Bus>,
    read: read_api::Api,
    write: write_api::Api,
    stream: Invalidator,
}

impl Weather {
    fn new() -> Weather {
        let (table, bus) = (Arc::new(Table::default()), Arc::new(Bus::default()));
        let clock = Arc::new(SystemClock);
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let cache = Arc::new(Cache::new(store, clock, Entropy::from_seed(1), CacheConfig::default()));
        let read = read_api::Config::read(&setting).unwrap();
        let write = write_api::Config::read(&setting).unwrap();
        let stream = stream_invalidator::Config::read(&setting).unwrap();
        Weather {
            read: read_api::Api::new(&read, cache.clone(), table.clone()),
            write: write_api::Api::new(&write, cache.clone(), table.clone()),
            stream: Invalidator::new(&stream, cache, bus.clone()),
            table,
            bus,
        }
    }

    async fn get(&self, path: &str) -> (http::response::Parts, Value) {
        parts(self.read.answer(&request("GET", path, &[], "")).await)
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> (http::response::Parts, Value) {
        parts(self.write.answer(request(method, path, headers, &body.to_string())).await)
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let sent = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    Request {
        method: method.parse().unwrap(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: sent.collect(),
        body: body.to_owned().into(),
        ..Request::default()
    }
}

fn parts(response: http::Response<bytes::Bytes>) -> (http::response::Parts, Value) {
    let (parts, body) = response.into_parts();
    (parts, serde_json::from_slice(&body).unwrap_or_default())
}

fn reading(decicelsius: i64, version: u64) -> Product {
    let details = Details { region: "Hessen".into(), decicelsius, humidity: 60 };
    let id = ProductId::parse("EDDF").unwrap();
    Product { id, details, version: Version(version), updated_at: None }
}

/// What the stream says of a station that went from one reading to the next.
fn record(before: i64, after: i64, version: u64) -> StreamEvent {
    let row = |celsius: i64, version: u64| {
        json!({
            "station": {"S": "EDDF"}, "region": {"S": "Hessen"}, "humidity": {"N": "60"},
            "decicelsius": {"N": celsius.to_string()}, "version": {"N": version.to_string()}
        })
    };
    let event = json!({"Records": [{
        "eventID": "e-1", "eventName": "MODIFY", "eventSourceARN": "arn:stream",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_790_000_000.0, "SequenceNumber": "111",
            "Keys": {"station": {"S": "EDDF"}},
            "OldImage": row(before, version - 1), "NewImage": row(after, version)
        }
    }]});
    serde_json::from_value(event).unwrap()
}

#[tokio::test]
async fn a_reading_is_loaded_once_and_then_served_from_the_cache_with_the_weathers_own_tags() {
    let weather = Weather::new();
    weather.table.put(reading(215, 7));
    for expected in ["fwd=uri-miss; stored", "; hit; ttl="] {
        let (head, body) = weather.get("/api/readings/EDDF").await;
        let expected_body = json!({"station": "EDDF", "region": "Hessen", "decicelsius": 215, "humidity": 60, "version": 7, "measured_at": null});
        assert_eq!((head.status.as_u16(), body), (200, expected_body));
        assert_eq!(head.headers["cache-tag"], "reading:eddf,region:hessen");
        assert!(head.headers["cache-status"].to_str().unwrap().contains(expected), "{head:?}");
    }
    let (_, list) = weather.get("/api/readings?region=Hessen").await;
    assert_eq!(list["items"][0]["station"], "EDDF");
    for nothing in ["/api/products/EDDF", "/api/readings?category=Hessen", "/api/readings/b-1"] {
        let (head, _) = weather.get(nothing).await;
        assert!(head.status.is_client_error(), "{nothing}: {}", head.status);
    }
}

#[tokio::test]
async fn a_stream_record_ends_the_cached_reading_and_is_published_for_the_edge() {
    let weather = Weather::new();
    weather.table.put(reading(215, 7));
    weather.get("/api/readings/EDDF").await;
    weather.get("/api/readings?region=Hessen").await;
    weather.table.put(reading(198, 8));
    let answer = weather.stream.handle(record(215, 198, 8), "trace", Duration::from_secs(10)).await;
    assert_eq!(answer.failures, []);
    let (head, body) = weather.get("/api/readings/EDDF").await;
    assert_eq!((&body["decicelsius"], head.headers["x-cache-version"].to_str().unwrap()), (&json!(198), "8"));
    let (_, list) = weather.get("/api/readings?region=Hessen").await;
    assert_eq!(list["items"][0]["decicelsius"], 198, "lists ended with it");

    let [event @ Event::ProductUpdated(updated)] = &weather.bus.published()[..] else { panic!("one event") };
    assert_eq!(updated.tags, ["reading:eddf", "region:hessen"]);
    let update = Update::read(&serde_json::from_str(&event.detail()).unwrap(), None).unwrap();
    assert_eq!(Item::product(&update.id).as_str(), "#reading:eddf");
    assert_eq!(update.paths.first().unwrap().as_str(), "/api/readings/EDDF");
    assert_eq!(Item::every_product().as_str(), "/api/readings/*");
}

#[tokio::test]
async fn a_reading_is_written_under_a_condition_and_checked_by_the_weathers_own_rules() {
    let weather = Weather::new();
    let path = "/api/admin/readings/EDDF";
    let hot = json!({"region": "Hessen", "decicelsius": 9_000, "humidity": 60});
    let (head, problem) = weather.send("PUT", path, &[("if-none-match", "*")], &hot).await;
    assert_eq!((head.status.as_u16(), &problem["title"]), (400, &json!("Invalid reading")));
    assert_eq!(problem["errors"][0]["pointer"], "/decicelsius");
    let mild = json!({"region": "Hessen", "decicelsius": 215, "humidity": 60});
    let (head, _) = weather.send("PUT", path, &[("if-none-match", "*")], &mild).await;
    assert_eq!(
        (head.status.as_u16(), head.headers["location"].to_str().unwrap()),
        (201, "/api/readings/EDDF")
    );
    let patch = [("if-match", "*")];
    let (head, body) = weather.send("PATCH", path, &patch, &json!({"decicelsius": 190})).await;
    assert_eq!((head.status.as_u16(), &body["decicelsius"]), (200, &json!(190)));
    assert_eq!(weather.get("/api/readings/EDDF").await.1, body);
}
