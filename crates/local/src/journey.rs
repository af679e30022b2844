//! A change on its way through the levels, as it happens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cache::{CacheStore, Clock, Key, Record, SystemClock};
use cache_valkey::ValkeyStore;
use futures::StreamExt;
use local_edge::{Edge, EventKind};
use local_events::bus::EventBridge;
use serde::Serialize;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::heard::next;

/// The namespace of the stack's keys.
pub const NAMESPACE: &str = "tidemark";
/// Steps a listener may lag behind before it misses some.
const BUFFER: usize = 4_096;

/// One step of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
    /// What happened: `written` (known once the record is read), `streamed`, `floor` (the cache was told), `published`,
    /// `purged` or `stored` (at the edge).
    pub step: &'static str,
    /// The product.
    pub id: String,
    /// The version in question. For `purged` the one published last: the cache had been told of it before, so nothing
    /// below it can be stored any more, except what was on its way already.
    pub version: u64,
}

/// Tells of steps; they end when this is dropped.
pub struct Journey {
    steps: broadcast::Sender<Step>,
    published: Arc<Mutex<HashMap<String, u64>>>,
    _watchers: JoinSet<()>,
}

impl Journey {
    /// Nothing is watched yet.
    pub fn new() -> Journey {
        let steps = broadcast::Sender::new(BUFFER);
        Journey { steps, published: Arc::default(), _watchers: JoinSet::new() }
    }

    /// Where steps may be reported.
    pub fn reporter(&self) -> Reporter {
        Reporter(self.steps.clone())
    }

    /// Watches the bus: what is published.
    pub fn watch_bus(&mut self, bus: &EventBridge) {
        let (mut events, reporter) = (bus.subscribe(), self.reporter());
        let published = self.published.clone();
        self._watchers.spawn(async move {
            while let Some(event) = next(&mut events).await {
                let detail = &event.event["detail"];
                if let (Some(id), Some(version)) = (detail["id"].as_str(), detail["version"].as_u64()) {
                    published.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), version);
                    reporter.report("published", id, version);
                }
            }
        });
    }

    /// Watches the edge: what it stores and what is purged from it.
    pub fn watch_edge(&mut self, edge: &Edge) {
        let (mut events, reporter) = (edge.subscribe(), self.reporter());
        let published = self.published.clone();
        self._watchers.spawn(async move {
            while let Some(event) = next(&mut events).await {
                let step = match event.kind {
                    EventKind::Stored => "stored",
                    EventKind::Purged => "purged",
                    _ => continue,
                };
                let Some(id) = product_of(&event.key) else { continue };
                let version = match event.kind {
                    EventKind::Purged => {
                        published.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
                    }
                    _ => event.version.as_deref().and_then(|version| version.parse().ok()),
                };
                if let Some(version) = version {
                    reporter.report(step, id, version);
                }
            }
        });
    }

    /// Watches the cache: floors that rise, products that are dropped (version 0). The server must notify of keyspace
    /// events (`K$`); if it cannot be asked, nothing is reported.
    pub async fn watch_cache(&mut self, url: &str, store: Arc<ValkeyStore>) {
        let Ok(client) = redis::Client::open(url) else { return };
        let Ok(mut notices) = client.get_async_pubsub().await else { return };
        let pattern = format!("__keyspace@0__:{NAMESPACE}.*");
        if notices.psubscribe(pattern).await.is_err() {
            return;
        }
        let reporter = self.reporter();
        self._watchers.spawn(async move {
            let mut floors: HashMap<String, u64> = HashMap::new();
            let mut notices = notices.into_on_message();
            while let Some(notice) = notices.next().await {
                let Some(id) = notice.get_channel_name().rsplit_once("{product:").map(|(_, rest)| rest)
                else {
                    continue;
                };
                let id = id.trim_end_matches('}').to_owned();
                let Some(floor) = floor_of(&store, &id).await else { continue };
                if floors.insert(id.clone(), floor) != Some(floor) && floor > 0 {
                    reporter.report("floor", &id, floor);
                }
            }
        });
    }
}

impl Default for Journey {
    fn default() -> Self {
        Journey::new()
    }
}

/// Reports steps as they happen.
#[derive(Debug, Clone)]
pub struct Reporter(broadcast::Sender<Step>);

impl Reporter {
    /// Every step from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Step> {
        self.0.subscribe()
    }

    /// Reports a step that happens now.
    pub fn report(&self, step: &'static str, id: &str, version: u64) {
        self.report_at(SystemClock.now(), step, id, version);
    }

    /// Reports a step that happened at `at_ms`.
    pub fn report_at(&self, at_ms: u64, step: &'static str, id: &str, version: u64) {
        // Nobody needs to listen.
        let _listeners = self.0.send(Step { at_ms, step, id: id.to_owned(), version });
    }
}

/// The key of a product in the cache.
pub fn key_of(id: &str) -> Option<Key> {
    let id = catalog::ProductId::parse(id).ok()?;
    catalog::Keys::new(NAMESPACE).ok()?.product(&id).ok()
}

async fn floor_of(store: &ValkeyStore, id: &str) -> Option<u64> {
    let raw = store.read(&key_of(id)?).await.ok()??;
    Some(Record::decode(&raw).ok()?.head.floor.0)
}

fn product_of(key: &str) -> Option<&str> {
    let path = key.split([' ', '?', '[']).next()?;
    path.strip_prefix("/api/products/")
}
