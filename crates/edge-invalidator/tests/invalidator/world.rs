//! A small world around the function: products that change, an edge that stores answers, an SQS queue, virtual time.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache::Clock;
use catalog::edge::Item;
use serde_json::{Value, json};

use crate::support::{Bench, bench};

const CATEGORIES: u32 = 20;
/// The queue's own visibility time-out.
const VISIBILITY: Duration = Duration::from_secs(180);

/// A row of the table, and the number of the change that made it so.
#[derive(Debug, Clone)]
struct Product {
    version: u64,
    /// `None`: there is no such product.
    category: Option<u32>,
    change: u64,
    /// Every change so far, and whether its message was acknowledged.
    changes: BTreeMap<u64, bool>,
}

/// An answer the edge has: what the product's changes had come to, and its tags.
#[derive(Debug, Clone)]
struct Stored {
    change: u64,
    tags: Vec<String>,
}

struct Queued {
    body: String,
    /// The change it tells of: product and number. `None` for a second purge.
    tells: Option<(u32, u64)>,
    sent_at: u64,
    visible_at: u64,
    received: u32,
}

pub struct World {
    pub bench: Bench,
    random: fastrand::Rng,
    products: BTreeMap<u32, Product>,
    edge: Arc<Mutex<HashMap<u32, Stored>>>,
    queue: BTreeMap<u64, Queued>,
    changes: u64,
    next_message: u64,
    /// Whether events say what only their publisher can know.
    complete_events: bool,
    pub acknowledged: u64,
}

impl World {
    /// `products` products, nine in ten of which exist.
    pub fn new(products: u32, settings: &[(&str, &str)], complete_events: bool, seed: u64) -> World {
        let mut random = fastrand::Rng::with_seed(seed);
        let product = |id: u32| {
            let category = (!id.is_multiple_of(10)).then(|| random.u32(..CATEGORIES));
            (id, Product { version: 1_000, category, change: 0, changes: BTreeMap::new() })
        };
        let products = (0..products).map(product).collect();
        let edge = Arc::new(Mutex::new(HashMap::new()));
        let bench = bench(settings);
        let stored = edge.clone();
        bench.edge.on_purge(move |items| {
            stored.lock().unwrap().retain(|id, answer| !items.iter().any(|item| covers(item, *id, answer)));
        });
        let queue = BTreeMap::new();
        let (changes, next_message, acknowledged) = (0, 0, 0);
        World { bench, random, products, edge, queue, changes, next_message, complete_events, acknowledged }
    }

    /// Changes a product and publishes it. One change in ten creates or deletes, one in ten moves to another category.
    pub fn change(&mut self, id: u32) {
        self.changes += 1;
        let product = self.products.get_mut(&id).unwrap();
        let before = product.category;
        product.version += 1;
        product.change = self.changes;
        product.changes.insert(self.changes, false);
        let kind = match (before, self.random.u32(..10)) {
            (None, _) => {
                product.category = Some(self.random.u32(..CATEGORIES));
                "created"
            }
            (Some(_), 0) => {
                product.category = None;
                "deleted"
            }
            (Some(_), 1) => {
                product.category = Some(self.random.u32(..CATEGORIES));
                "updated"
            }
            _ => "updated",
        };
        let version = if kind == "deleted" { 0 } else { product.version };
        let mut families: Vec<_> =
            before.into_iter().chain(product.category).map(|c| format!("category:{c}")).collect();
        families.dedup();
        let now = self.bench.clock.now();
        let mut detail = json!({
            "id": format!("p{id}"), "version": version, "change": kind, "tags": families,
            "paths": [format!("/api/products/p{id}")], "written_at": now / 1_000 * 1_000, "trace_id": "",
        });
        if self.complete_events {
            detail["ordered"] = json!(kind == "updated");
            detail["families"] = if kind == "created" { json!([]) } else { json!(families) };
        }
        let event =
            json!({"id": format!("e{}", self.changes), "detail-type": "ProductUpdated", "detail": detail});
        self.send(event.to_string(), Some((id, self.changes)), Duration::ZERO);
    }

    /// A viewer asks for a product: the edge stores what the API answers if it has nothing.
    pub fn read(&mut self, id: u32) {
        let product = &self.products[&id];
        let own = std::iter::once(format!("#product:p{id}"));
        let tags = own.chain(product.category.map(|category| format!("#category:{category}"))).collect();
        self.edge.lock().unwrap().entry(id).or_insert(Stored { change: product.change, tags });
    }

    pub fn read_some(&mut self, reads: u32) {
        for _ in 0..reads {
            let id = self.random.u32(..self.products.len() as u32);
            self.read(id);
        }
    }

    fn send(&mut self, body: String, tells: Option<(u32, u64)>, delay: Duration) {
        let sent_at = self.bench.clock.now();
        let visible_at = sent_at + delay.as_millis() as u64;
        self.queue.insert(self.next_message, Queued { body, tells, sent_at, visible_at, received: 0 });
        self.next_message += 1;
    }

    /// One batch of at most 500 messages in no order; one in fifty is delivered again although it was acknowledged.
    /// After it, no answer may be at the edge that an acknowledged change made old.
    pub async fn deliver(&mut self) {
        let now = self.bench.clock.now();
        let mut ids: Vec<_> =
            self.queue.iter().filter(|(_, queued)| queued.visible_at <= now).map(|(id, _)| *id).collect();
        self.random.shuffle(&mut ids);
        ids.truncate(500);
        if ids.is_empty() {
            return;
        }
        let records: Vec<_> = ids.iter().map(|id| self.receive(*id, now)).collect();
        let failed = self.bench.deliver(&records).await;
        let delays = self.bench.queue.taken_delays();
        for id in ids {
            if failed.contains(&id.to_string()) {
                let delay =
                    delays.get(&format!("r{id}")).map_or(VISIBILITY, |delay| Duration::from_secs(*delay));
                self.queue.get_mut(&id).unwrap().visible_at = now + delay.as_millis() as u64;
                continue;
            }
            if let Some((product, change)) = self.queue[&id].tells {
                self.products.get_mut(&product).unwrap().changes.insert(change, true);
                self.check(product);
            }
            if self.random.u32(..50) > 0 {
                self.acknowledged += u64::from(self.queue.remove(&id).unwrap().tells.is_some());
            }
        }
        for (body, delay) in self.bench.queue.taken_messages() {
            self.send(body, None, delay);
        }
    }

    /// An answer is made old by the first change after it. What later changes were acknowledged does not matter: theirs
    /// are the answers since.
    fn check(&self, id: u32) {
        let edge = self.edge.lock().unwrap();
        let Some(stored) = edge.get(&id) else { return };
        let next = self.products[&id].changes.range(stored.change + 1..).next();
        assert!(
            next.is_none_or(|(_, acknowledged)| !acknowledged),
            "{next:?} of p{id} left {stored:?} at the edge"
        );
    }

    fn receive(&mut self, id: u64, now: u64) -> Value {
        let queued = self.queue.get_mut(&id).unwrap();
        queued.received += 1;
        queued.visible_at = now + VISIBILITY.as_millis() as u64;
        json!({
            "messageId": id.to_string(), "receiptHandle": format!("r{id}"), "body": queued.body,
            "attributes": {
                "ApproximateReceiveCount": queued.received.to_string(), "SentTimestamp": queued.sent_at.to_string()
            }
        })
    }

    pub fn advance(&self, by: Duration) {
        self.bench.clock.advance(by);
    }

    /// Delivers and lets time pass until the queue is empty.
    pub async fn drain(&mut self) {
        while !self.queue.is_empty() {
            self.deliver().await;
            self.advance(Duration::from_secs(1));
            self.read_some(100);
        }
    }

    /// The products whose answer at the edge is older than they are.
    pub fn old_answers(&self) -> Vec<u32> {
        let edge = self.edge.lock().unwrap();
        let is_old = |id: &u32| edge.get(id).is_some_and(|stored| stored.change < self.products[id].change);
        self.products.keys().copied().filter(is_old).collect()
    }
}

fn covers(item: &Item, id: u32, answer: &Stored) -> bool {
    let text = item.as_str();
    text == "/api/products/*"
        || text == format!("/api/products/p{id}")
        || answer.tags.iter().any(|tag| tag == text)
}
