//! What the site's bucket serves, and what only the local stack can show: each level as it is, each step as it happens.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use cache::{CacheStore, Kind, Record};
use cache_valkey::ValkeyStore;
use catalog::Representation;
use catalog::keys::product_policy;
use dynoxide::Database;
use futures::stream;
use http::{HeaderValue, StatusCode, Uri, header};
use local_edge::Edge;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::database::TABLE;
use crate::edge::ORIGIN_READ_TIMEOUT;
use crate::heard::next;
use crate::journey::{Reporter, key_of};

/// What the page looks at.
pub struct Levels {
    /// The table.
    pub database: Database,
    /// The cache.
    pub store: Arc<ValkeyStore>,
    /// The edge.
    pub edge: Edge,
    /// Where steps are reported.
    pub steps: Reporter,
    /// How the edge is purged, for the page to say.
    pub purge: String,
}

/// The site's files, and `/_tidemark/*`.
pub fn router(levels: Arc<Levels>) -> Router {
    let mut router = Router::new()
        .route("/_tidemark/about", get(about))
        .route("/_tidemark/levels", get(show))
        .route("/_tidemark/events", get(events));
    for file in site::files() {
        let path = file.path.trim_start_matches('/');
        // What the deployed site says of itself is answered from here.
        if path.starts_with("_tidemark/") {
            continue;
        }
        let answer = move || async move { serve(file) };
        router = router.route(&format!("/{path}"), get(answer));
        if path == "index.html" {
            router = router.route("/", get(answer));
        }
    }
    router.with_state(levels)
}

fn serve(file: &'static site::File) -> Response {
    let headers = [(header::CONTENT_TYPE, file.content_type), (header::CACHE_CONTROL, file.cache_control)];
    (headers, file.bytes).into_response()
}

async fn about(State(levels): State<Arc<Levels>>) -> Response {
    private(json!({ "local": true, "purge": levels.purge }))
}

#[derive(Deserialize)]
struct Which {
    id: String,
}

async fn show(State(levels): State<Arc<Levels>>, Query(which): Query<Which>) -> Response {
    if catalog::ProductId::parse(&which.id).is_err() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    private(json!({
        "dynamodb": in_table(&levels.database, &which.id),
        "valkey": in_cache(&levels.store, &which.id).await,
        "edge": at_edge(&levels.edge, &which.id),
    }))
}

fn in_table(database: &Database, id: &str) -> Option<Value> {
    let ask = json!({ "TableName": TABLE, "Key": { "id": { "S": id } }, "ConsistentRead": true });
    let answer = serde_json::to_value(database.get_item(serde_json::from_value(ask).ok()?).ok()?).ok()?;
    let row = answer.get("Item").filter(|row| !row.is_null())?;
    let number = |name: &str| row[name]["N"].as_str().and_then(|digits| digits.parse::<u64>().ok());
    Some(json!({ "version": number("version").unwrap_or(0), "price_cents": number("price_cents") }))
}

async fn in_cache(store: &ValkeyStore, id: &str) -> Option<Value> {
    let raw = store.read(&key_of(id)?).await.ok()??;
    let record = Record::decode(&raw).ok()?;
    let kind = match record.head.kind {
        Kind::Pending => "pending",
        Kind::Live => "live",
        Kind::Absent => "absent",
        Kind::Uncached => "uncached",
    };
    let stored = record.loaded(product_policy().max_body)?;
    Some(json!({
        "kind": kind,
        "version": record.head.version.0,
        "floor": record.head.floor.0,
        "price_cents": price_in(Representation::from_stored(stored).body()),
    }))
}

fn at_edge(edge: &Edge, id: &str) -> Option<Value> {
    let url: Uri = format!("/api/products/{id}").parse().ok()?;
    let held = edge.peek(&url).into_iter().next()?;
    let version = held.version.and_then(|version| version.parse::<u64>().ok());
    Some(json!({ "version": version, "age": held.age.as_secs(), "price_cents": price_in(&held.body) }))
}

/// The price in an answer of the API, if it has one.
fn price_in(body: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Value>(body).ok()?["price_cents"].as_u64()
}

async fn events(State(levels): State<Arc<Levels>>) -> Response {
    let stream = stream::unfold(levels.steps.subscribe(), |mut steps| async move {
        let step = next(&mut steps).await?;
        let event = Event::default().json_data(&step).unwrap_or_default();
        Some((Ok::<_, Infallible>(event), steps))
    });
    // The edge gives up an origin that is silent for its read time-out, also in the middle of an answer.
    let signs_of_life = KeepAlive::new().interval(ORIGIN_READ_TIMEOUT / 5);
    let mut response = Sse::new(stream).keep_alive(signs_of_life).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn private(body: Value) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
