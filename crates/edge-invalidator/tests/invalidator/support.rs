//! An invalidator over fakes that remember what they were asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cache::Clock;
use catalog::edge::memory::MemoryLedger;
use catalog::edge::{Edge, EdgeError, Item};
use edge_invalidator::{Config, InvalidateError, Invalidator, Queue, QueueError};
use serde_json::{Value, json};

/// "Now" at the start of every test: 2026-11-20T10:00:00Z.
pub const START: u64 = 1_795_168_800_000;

/// Time that moves when a test says so.
#[derive(Debug)]
pub struct TestClock(AtomicU64);

impl TestClock {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one call of CreateInvalidation asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub items: Vec<String>,
    pub reference: String,
}

type OnPurge = Box<dyn FnMut(&[Item]) + Send>;

/// An edge that answers what the test scripted, and yes when the script is over.
#[derive(Default)]
pub struct FakeEdge {
    script: Mutex<VecDeque<Result<(), EdgeError>>>,
    /// Every call, refused ones too.
    calls: Mutex<Vec<Call>>,
    /// Refuses this share of the calls.
    throttle: Mutex<Option<(f64, fastrand::Rng)>>,
    on_purge: Mutex<Option<OnPurge>>,
}

impl FakeEdge {
    pub fn answers(&self, answers: impl IntoIterator<Item = Result<(), EdgeError>>) {
        self.script.lock().unwrap().extend(answers);
    }

    pub fn throttles(&self, share: f64, seed: u64) {
        *self.throttle.lock().unwrap() = Some((share, fastrand::Rng::with_seed(seed)));
    }

    pub fn on_purge(&self, purge: impl FnMut(&[Item]) + Send + 'static) {
        *self.on_purge.lock().unwrap() = Some(Box::new(purge));
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The items of every call.
    pub fn items(&self) -> Vec<Vec<String>> {
        self.calls().into_iter().map(|call| call.items).collect()
    }
}

#[async_trait]
impl Edge for FakeEdge {
    async fn invalidate(&self, items: &[Item], reference: &str) -> Result<(), EdgeError> {
        let texts = items.iter().map(ToString::to_string).collect();
        self.calls.lock().unwrap().push(Call { items: texts, reference: reference.to_owned() });
        let throttled = |(share, random): &mut (f64, fastrand::Rng)| random.f64() < *share;
        if self.throttle.lock().unwrap().as_mut().is_some_and(throttled) {
            return Err(busy());
        }
        self.script.lock().unwrap().pop_front().unwrap_or(Ok(()))?;
        if let Some(purge) = self.on_purge.lock().unwrap().as_mut() {
            purge(items);
        }
        Ok(())
    }
}

/// A queue that remembers what it was asked, and fails if told to.
#[derive(Default)]
pub struct FakeQueue {
    pub put_off: Mutex<BTreeMap<String, Duration>>,
    pub sent: Mutex<Vec<(String, Duration)>>,
    /// `None`: there is no failure queue.
    pub refused: Mutex<Option<Vec<(String, String)>>>,
    pub broken: Mutex<bool>,
}

impl FakeQueue {
    fn working(&self) -> Result<(), QueueError> {
        if *self.broken.lock().unwrap() {
            Err(QueueError::Failed("broken for a test".into()))
        } else {
            Ok(())
        }
    }

    /// What was put off since it was asked last, in seconds by receipt.
    pub fn taken_delays(&self) -> BTreeMap<String, u64> {
        let delays = std::mem::take(&mut *self.put_off.lock().unwrap());
        delays.into_iter().map(|(receipt, delay)| (receipt, delay.as_secs())).collect()
    }

    /// What was sent since it was asked last.
    pub fn taken_messages(&self) -> Vec<(String, Duration)> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

#[async_trait]
impl Queue for FakeQueue {
    async fn put_off(&self, messages: &[(&str, Duration)]) -> Result<(), QueueError> {
        self.working()?;
        let messages = messages.iter().map(|(receipt, delay)| ((*receipt).to_owned(), *delay));
        self.put_off.lock().unwrap().extend(messages);
        Ok(())
    }

    async fn send(&self, body: &str, delay: Duration) -> Result<(), QueueError> {
        self.working()?;
        self.sent.lock().unwrap().push((body.to_owned(), delay));
        Ok(())
    }

    async fn refuse(&self, body: &str, reason: &str) -> Result<(), QueueError> {
        self.working()?;
        let mut refused = self.refused.lock().unwrap();
        refused.as_mut().ok_or(QueueError::NoFailureQueue)?.push((body.to_owned(), reason.to_owned()));
        Ok(())
    }
}

/// An invalidator and everything around it.
pub struct Bench {
    pub invalidator: Invalidator,
    pub edge: Arc<FakeEdge>,
    pub queue: Arc<FakeQueue>,
    pub ledger: Arc<MemoryLedger>,
    pub clock: Arc<TestClock>,
}

/// An invalidator with these settings beside the required ones.
pub fn bench(settings: &[(&str, &str)]) -> Bench {
    let needed = [
        ("DISTRIBUTION_ID", "E1"),
        ("CONTROL_TABLE_NAME", "control"),
        ("EDGE_QUEUE_URL", "queue"),
        ("METRICS", "off"),
    ];
    let look_up = |name: &str| {
        let found = settings.iter().chain(&needed).find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let config = Config::read(&look_up).unwrap();
    let (edge, queue) = (Arc::new(FakeEdge::default()), Arc::new(FakeQueue::default()));
    let (ledger, clock) = (Arc::new(MemoryLedger::default()), Arc::new(TestClock(AtomicU64::new(START))));
    let invalidator = Invalidator::new(&config, edge.clone(), ledger.clone(), queue.clone(), clock.clone());
    Bench { invalidator, edge, queue, ledger, clock }
}

impl Bench {
    pub async fn handle(&self, payload: Value) -> Result<Value, InvalidateError> {
        self.invalidator.handle(payload).await
    }

    /// Delivers records; the answer is the ids of the messages that are to come back.
    pub async fn deliver(&self, records: &[Value]) -> Vec<String> {
        let answer = self.handle(json!({ "Records": records })).await.unwrap();
        assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
        let failures = answer["batchItemFailures"].as_array().unwrap();
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
    }
}

pub fn busy() -> EdgeError {
    EdgeError::Busy("TooManyInvalidationsInProgress".into())
}

/// An ordered change of a product in `shoes`, published at the start.
pub fn updated(id: &str, version: u64) -> Value {
    event(id, version, "updated", &["category:shoes"])
}

/// An event as EventBridge delivers it.
pub fn event(id: &str, version: u64, change: &str, families: &[&str]) -> Value {
    json!({
        "version": "0", "id": format!("event-{id}-{version}"), "detail-type": "ProductUpdated", "source": "tidemark",
        "account": "123456789012", "time": "2026-11-20T10:00:00Z", "region": "eu-west-1", "resources": [],
        "detail": {
            "id": id, "version": version, "change": change, "tags": [format!("product:{id}")],
            "paths": [format!("/api/products/{id}")], "written_at": START - 1_000 + version, "trace_id": "",
            "ordered": change == "updated", "families": families,
        }
    })
}

/// A record of an SQS batch, received so often, sent at the start.
pub fn record(message: &str, received: u32, body: &str) -> Value {
    json!({
        "messageId": message, "receiptHandle": format!("receipt-{message}"), "body": body,
        "attributes": {"ApproximateReceiveCount": received.to_string(), "SentTimestamp": START.to_string()},
        "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:edge"
    })
}

/// A record that was received for the first time.
pub fn first(message: &str, event: &Value) -> Value {
    record(message, 1, &event.to_string())
}
