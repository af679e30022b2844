//! An auditor over fakes that remember what they were asked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cache::{Clock, Version};
use catalog::ProductId;
use consistency_auditor::{Answer, Ask, Auditor, Place, Queue, QueueError, Sample, State, Unanswered};
use lambda_support::{Metrics, MetricsSettings};
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

/// Places that answer what the test says, and remember in which order they were asked.
#[derive(Default)]
pub struct FakeAsk {
    answers: Mutex<BTreeMap<Place, Result<Answer, Unanswered>>>,
    asked: Mutex<Vec<Place>>,
}

impl FakeAsk {
    pub fn answers(&self, places: &[Place], answer: Result<Answer, Unanswered>) {
        self.answers.lock().unwrap().extend(places.iter().map(|place| (*place, answer.clone())));
    }

    /// Who was asked since this was last asked.
    pub fn asked(&self) -> Vec<Place> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[async_trait]
impl Ask for FakeAsk {
    async fn ask(&self, place: Place, product: &ProductId) -> Result<Answer, Unanswered> {
        assert_eq!(product.as_str(), "b-1");
        self.asked.lock().unwrap().push(place);
        let answers = self.answers.lock().unwrap();
        answers.get(&place).cloned().unwrap_or_else(|| Err(Unanswered("no such place".into())))
    }
}

/// A queue that remembers what it was given, and fails if told to.
#[derive(Default)]
pub struct FakeQueue {
    sent: Mutex<Vec<(String, Duration)>>,
    pub broken: Mutex<bool>,
}

impl FakeQueue {
    /// What was sent since this was last asked: delays in milliseconds, and bodies.
    pub fn sent(&self) -> Vec<(u128, Value)> {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap());
        sent.into_iter()
            .map(|(body, delay)| (delay.as_millis(), serde_json::from_str(&body).unwrap()))
            .collect()
    }
}

#[async_trait]
impl Queue for FakeQueue {
    async fn send(&self, messages: &[(String, Duration)]) -> Result<(), QueueError> {
        if *self.broken.lock().unwrap() {
            return Err(QueueError("broken for a test".into()));
        }
        self.sent.lock().unwrap().extend_from_slice(messages);
        Ok(())
    }
}

/// An auditor and everything around it.
pub struct Bench {
    pub auditor: Auditor,
    pub ask: Arc<FakeAsk>,
    pub queue: Arc<FakeQueue>,
    pub clock: Arc<TestClock>,
    lines: Arc<Mutex<String>>,
}

/// An auditor of so many of a hundred changes.
pub fn bench(percent: f64) -> Bench {
    let (ask, queue) = (Arc::new(FakeAsk::default()), Arc::new(FakeQueue::default()));
    let clock = Arc::new(TestClock(AtomicU64::new(START)));
    let lines = Arc::new(Mutex::new(String::new()));
    let written = lines.clone();
    let settings = MetricsSettings { on: true, every: Duration::ZERO, function: "auditor".into() };
    let sink = Box::new(move |text: &str| written.lock().unwrap().push_str(text));
    let metrics = Arc::new(Metrics::new(settings, clock.clone(), sink));
    let auditor = Auditor::new(Sample::percent(percent), ask.clone(), queue.clone(), clock.clone(), metrics);
    Bench { auditor, ask, queue, clock, lines }
}

impl Bench {
    /// Delivers bodies as one batch, sent at the start; the answer is the places of those that are to come back.
    pub async fn deliver(&self, bodies: &[Value]) -> Vec<usize> {
        let records = bodies.iter().enumerate().map(|(place, body)| {
            let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            json!({
                "messageId": place.to_string(), "receiptHandle": "r", "body": text, "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": START.to_string()}
            })
        });
        let payload = json!({ "Records": records.collect::<Vec<_>>() });
        let answer = self.auditor.handle(payload).await.unwrap();
        assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
        let failures = answer["batchItemFailures"].as_array().unwrap();
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// What was counted since this was last asked, as `metric level after value`, sorted.
    pub fn counted(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        let mut counted = Vec::new();
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            for metric in ["Consistent", "Behind", "Unanswered", "BehindBy"] {
                if let Some(value) = line.get(metric) {
                    let of = |name: &str| line[name].as_str().unwrap().to_owned();
                    counted.push(format!("{metric} {} {} {value}", of("Level"), of("After")));
                }
            }
        }
        counted.sort();
        counted
    }
}

/// An answer that shows a product.
pub fn live(version: u64, hash: &str) -> Result<Answer, Unanswered> {
    let nothing = String::new;
    let state = State::Live(format!("{version}-{hash}"));
    Ok(Answer {
        state,
        version: Version(version),
        cache_status: nothing(),
        x_cache: nothing(),
        age: nothing(),
    })
}

/// An answer that there is none.
pub fn absent() -> Result<Answer, Unanswered> {
    live(0, "").map(|answer| Answer { state: State::Absent, ..answer })
}

pub fn silent() -> Result<Answer, Unanswered> {
    Err(Unanswered("status 503".into()))
}

/// An event as EventBridge delivers it.
pub fn event(version: u64, change: &str, ordered: bool) -> Value {
    json!({
        "version": "0", "id": "e-1", "detail-type": "ProductUpdated", "source": "tidemark",
        "account": "1", "time": "2026-11-20T10:00:00Z", "region": "eu-west-1", "resources": [],
        "detail": {
            "id": "b-1", "version": version, "change": change, "tags": ["product:b-1"],
            "paths": ["/api/products/b-1"], "written_at": START - 1_000, "trace_id": "", "ordered": ordered,
        }
    })
}

/// A look at a change that is there since the start.
pub fn look(after: u64, expected: Value) -> Value {
    let version = expected["at_least"].as_u64().unwrap_or_default();
    json!({"look": {
        "product": "b-1", "version": version, "event": "e-1", "expected": expected, "since": START, "after": after
    }})
}
