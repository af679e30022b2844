//! Stands in for the API and the local stack: four levels in memory, which hold what a test lets through.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use axum::{Json, Router};
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::broadcast;

/// The first version of every product: unix time in milliseconds.
pub const FIRST: u64 = 1_790_000_000_001;
const CATEGORIES: [&str; 3] = ["boots", "lamps", "maps & charts"];

/// What one product is at every level.
#[derive(Clone, Copy)]
struct Item {
    table: Held,
    valkey: Option<Held>,
    floor: u64,
    edge: Option<Held>,
}

#[derive(Clone, Copy)]
struct Held {
    version: u64,
    cents: u64,
}

struct World {
    items: BTreeMap<String, Item>,
    events: broadcast::Sender<String>,
    clock: u64,
}

/// A server of the page and of everything the page asks.
#[derive(Clone)]
pub struct StandIn {
    world: Arc<Mutex<World>>,
    url: String,
}

impl StandIn {
    /// With `/_tidemark/*`, as the local stack has it.
    pub async fn local() -> StandIn {
        StandIn::start(true).await
    }

    /// Without: the page's own file says that nothing more is here.
    pub async fn deployed() -> StandIn {
        StandIn::start(false).await
    }

    async fn start(local: bool) -> StandIn {
        let held = |n: u64| Held { version: FIRST, cents: 1_990 + n * 700 };
        let item = |n: u64| Item { table: held(n), valkey: None, floor: 0, edge: None };
        let items = (1..=60).map(|n| (format!("p-{n:03}"), item(n))).collect();
        let (events, _) = broadcast::channel(256);
        let world = Arc::new(Mutex::new(World { items, events, clock: FIRST }));
        let mut routes = Router::new()
            .route("/api/products", get(list))
            .route("/api/products/{id}", get(read))
            .route("/api/fresh/products/{id}", get(read_table));
        if local {
            routes = routes
                .route("/_tidemark/about", get(async || Json(json!({"local": true, "purge": "prompt"}))))
                .route("/_tidemark/levels", get(levels))
                .route("/_tidemark/events", get(events_of))
                .route("/api/admin/products/{id}", patch(write));
        }
        let routes = routes.fallback(files).with_state(world.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, routes).await });
        StandIn { world, url }
    }

    /// The page's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// A program other than the API writes the product.
    pub fn write_past_the_api(&self, id: &str, cents: u64) -> u64 {
        self.world().write(id, cents)
    }

    /// Valkey is told: what it holds is below the floor now.
    pub fn floor(&self, id: &str) {
        let mut world = self.world();
        let item = world.items.get_mut(id).unwrap();
        item.floor = item.table.version;
        for step in ["streamed", "floor", "published"] {
            world.step(id, step);
        }
    }

    /// The edge is told, and obeys.
    pub fn purge(&self, id: &str) {
        let mut world = self.world();
        world.items.get_mut(id).unwrap().edge = None;
        world.step(id, "purged");
    }

    /// The edge says that it has been told, and answers as if it had not.
    pub fn pretend_to_purge(&self, id: &str) {
        self.world().step(id, "purged");
    }
}

impl World {
    fn step(&mut self, id: &str, step: &str) {
        self.clock += 40;
        let version = self.items[id].table.version;
        let event = json!({"at_ms": self.clock, "step": step, "id": id, "version": version});
        // Nobody may be listening.
        let _ = self.events.send(event.to_string());
    }

    fn write(&mut self, id: &str, cents: u64) -> u64 {
        let item = self.items.get_mut(id).unwrap();
        item.table = Held { version: item.table.version + 1, cents };
        let version = item.table.version;
        self.step(id, "written");
        version
    }

    fn answer(&self, id: &str, held: Held, headers: &[(&str, &str)]) -> Response {
        let number: usize = id.trim_start_matches("p-").parse().unwrap();
        let product = json!({
            "id": id, "name": format!("Product {number}"), "description": "", "attributes": {},
            "category": CATEGORIES[number % 3], "price_cents": held.cents, "currency": "EUR",
            "version": held.version, "updated_at": null,
        });
        let mut response = Json(product).into_response();
        let etag = format!("\"{}-00000000\"", held.version);
        let version = held.version.to_string();
        for (name, value) in
            [("etag", etag.as_str()), ("x-cache-version", version.as_str())].iter().chain(headers)
        {
            let name = header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    }

    fn product(&self, id: &str) -> Value {
        let number: usize = id.trim_start_matches("p-").parse().unwrap();
        let table = self.items[id].table;
        json!({
            "id": id, "name": format!("Product {number}"), "category": CATEGORIES[number % 3],
            "price_cents": table.cents, "currency": "EUR", "version": table.version,
        })
    }
}

type Shared = State<Arc<Mutex<World>>>;

async fn list(State(world): Shared, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let world = world.lock().unwrap();
    let after = query.get("cursor").map_or("", String::as_str);
    let limit = query.get("limit").map_or(24, |limit| limit.parse().unwrap());
    let products = world.items.keys().map(|id| world.product(id));
    let of_category = products.filter(|product| {
        query.get("category").is_none_or(|category| product["category"] == category.as_str())
    });
    let mut items: Vec<_> = of_category.filter(|product| product["id"].as_str().unwrap() > after).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| last["id"].clone());
    Json(json!({"items": items, "next": next})).into_response()
}

/// Through the levels, as the policy `prompt` has it; with a minimum version, past the edge.
async fn read(State(world): Shared, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let mut world = world.lock().unwrap();
    let personal = headers.contains_key("x-cache-min-version");
    let Some(item) = world.items.get_mut(&id) else { return StatusCode::NOT_FOUND.into_response() };
    if let (Some(edge), false) = (item.edge, personal) {
        return world.answer(&id, edge, &[("x-cache", "Hit from cloudfront"), ("age", "3")]);
    }
    let held = item.valkey.filter(|held| held.version >= item.floor).unwrap_or(item.table);
    item.valkey = Some(held);
    if personal {
        return world.answer(&id, held, &[("cache-control", "private, no-store")]);
    }
    item.edge = Some(held);
    world.step(&id, "stored");
    world.answer(&id, held, &[("x-cache", "Miss from cloudfront")])
}

async fn read_table(State(world): Shared, Path(id): Path<String>) -> Response {
    let world = world.lock().unwrap();
    match world.items.get(&id) {
        Some(item) => world.answer(&id, item.table, &[("cache-control", "private, no-store")]),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn write(
    State(world): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    patch: axum::body::Bytes,
) -> Response {
    let mut world = world.lock().unwrap();
    assert_eq!(headers["content-type"], "application/merge-patch+json");
    let expected = format!("\"{}-00000000\"", world.items[&id].table.version);
    if headers["if-match"] != expected.as_str() {
        return StatusCode::PRECONDITION_FAILED.into_response();
    }
    let patch: Value = serde_json::from_slice(&patch).unwrap();
    world.write(&id, patch["price_cents"].as_u64().unwrap());
    world.answer(&id, world.items[&id].table, &[])
}

async fn levels(State(world): Shared, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let world = world.lock().unwrap();
    let Some(item) = world.items.get(&query["id"]) else {
        return Json(json!({"dynamodb": null, "valkey": null, "edge": null}));
    };
    let valkey = item.valkey.map(|held| {
        json!({"kind": "live", "version": held.version, "floor": item.floor, "price_cents": held.cents})
    });
    let edge = item.edge.map(|held| json!({"version": held.version, "age": 3, "price_cents": held.cents}));
    let table = json!({"version": item.table.version, "price_cents": item.table.cents});
    Json(json!({"dynamodb": table, "valkey": valkey, "edge": edge}))
}

async fn events_of(State(world): Shared) -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let events = world.lock().unwrap().events.subscribe();
    let messages = stream::unfold(events, async |mut events| {
        let event = events.recv().await.ok()?;
        Some((Ok(Event::default().data(event)), events))
    });
    Sse::new(messages.boxed())
}

async fn files(uri: axum::http::Uri) -> Response {
    let Some(file) = site::file(uri.path()) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        ("content-type", file.content_type),
        ("cache-control", file.cache_control),
        ("content-security-policy", site::CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
    ];
    (headers, file.bytes).into_response()
}
