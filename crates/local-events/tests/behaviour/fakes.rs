//! A function whose answers the test gives, and a stream in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use local_events::mapping::MappedFunction;
use local_events::mapping::stream::{Page, Position, Record, RecordSource, Shard, ShardReader, SourceError};
use local_lambda::{Invoke, InvokeError};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot};

/// The function as the mapping sees it, and the test's side of it.
pub fn function() -> (MappedFunction, Calls) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let arn = "arn:aws:lambda:eu-central-1:000000000000:function:fake".to_owned();
    (MappedFunction { arn, invoke: Arc::new(FakeFunction(sender)) }, Calls(receiver))
}

struct FakeFunction(mpsc::UnboundedSender<Call>);

/// Invocations in the order in which they came.
pub struct Calls(mpsc::UnboundedReceiver<Call>);

/// One invocation; the function is busy until the test answers.
pub struct Call {
    pub event: Value,
    reply: oneshot::Sender<Result<Bytes, InvokeError>>,
}

impl Calls {
    /// Waits for the next invocation.
    pub async fn next(&mut self) -> Call {
        self.0.recv().await.expect("the mapping is gone")
    }

    /// The next invocation, if it has come already.
    pub fn try_next(&mut self) -> Option<Call> {
        self.0.try_recv().ok()
    }
}

impl Call {
    /// The `SequenceNumber` of each record.
    pub fn sequence_numbers(&self) -> Vec<&str> {
        self.records().iter().map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap()).collect()
    }

    /// The `body` of each record.
    pub fn bodies(&self) -> Vec<&str> {
        self.records().iter().map(|record| record["body"].as_str().unwrap()).collect()
    }

    pub fn records(&self) -> &[Value] {
        self.event["Records"].as_array().unwrap()
    }

    pub fn answer(self, answer: &Value) {
        let _ = self.reply.send(Ok(answer.to_string().into()));
    }

    pub fn succeed(self) {
        self.answer(&Value::Null);
    }

    /// Answers with a report of failed items.
    pub fn report(self, identifiers: &[&str]) {
        let items: Vec<Value> = identifiers.iter().map(|id| json!({ "itemIdentifier": id })).collect();
        self.answer(&json!({ "batchItemFailures": items }));
    }

    pub fn fail(self) {
        let error = InvokeError::Function { kind: "Oops".into(), message: "as the test wants".into() };
        let _ = self.reply.send(Err(error));
    }

    pub fn throttle(self) {
        let _ = self.reply.send(Err(InvokeError::Throttled));
    }
}

#[async_trait]
impl Invoke for FakeFunction {
    async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        let (reply, answer) = oneshot::channel();
        let event = serde_json::from_slice(&payload).unwrap();
        let _ = self.0.send(Call { event, reply });
        answer.await.unwrap_or_else(|_| Err(InvokeError::Exited("the test has dropped the call".into())))
    }
}

/// A stream whose records the test writes.
#[derive(Clone, Default)]
pub struct MemoryStream(Arc<MemoryShards>);

#[derive(Default)]
struct MemoryShards {
    shards: Mutex<Vec<MemoryShard>>,
    written: Notify,
}

struct MemoryShard {
    id: String,
    parent: Option<String>,
    records: Vec<Record>,
    closed: bool,
    failing_reads: usize,
    wakes: bool,
}

impl MemoryStream {
    pub fn with_shard(id: &str) -> Self {
        let stream = Self::default();
        stream.add_shard(id, None);
        stream
    }

    pub fn add_shard(&self, id: &str, parent: Option<&str>) {
        self.0.shards.lock().unwrap().push(MemoryShard {
            id: id.into(),
            parent: parent.map(str::to_owned),
            records: Vec::new(),
            closed: false,
            failing_reads: 0,
            wakes: false,
        });
    }

    pub fn write(&self, shard: &str, records: impl IntoIterator<Item = Record>) {
        self.with(shard, |shard| shard.records.extend(records));
    }

    pub fn close(&self, shard: &str) {
        self.with(shard, |shard| shard.closed = true);
    }

    /// From now on, readers of the shard tell the mapping when something is written.
    pub fn wake_readers(&self, shard: &str) {
        self.with(shard, |shard| shard.wakes = true);
    }

    pub fn fail_reads(&self, shard: &str, count: usize) {
        self.with(shard, |shard| shard.failing_reads = count);
    }

    fn with<T>(&self, id: &str, act: impl FnOnce(&mut MemoryShard) -> T) -> T {
        let result = act(self.0.shards.lock().unwrap().iter_mut().find(|shard| shard.id == id).unwrap());
        self.0.written.notify_waiters();
        result
    }
}

#[async_trait]
impl RecordSource for MemoryStream {
    fn stream_arn(&self) -> String {
        "arn:aws:dynamodb:eu-central-1:000000000000:table/products/stream/2026-11-20T00:00:00.000".into()
    }

    async fn shards(&self) -> Result<Vec<Shard>, SourceError> {
        let shards = self.0.shards.lock().unwrap();
        Ok(shards.iter().map(|shard| Shard { id: shard.id.clone(), parent: shard.parent.clone() }).collect())
    }

    async fn open(&self, shard_id: &str, position: &Position) -> Result<Box<dyn ShardReader>, SourceError> {
        let next = self.with(shard_id, |shard| match position {
            Position::TrimHorizon => 0,
            Position::Latest => shard.records.len(),
            Position::After(number) => {
                shard.records.iter().position(|record| record.sequence_number == *number).unwrap() + 1
            }
        });
        Ok(Box::new(MemoryReader { stream: self.clone(), shard: shard_id.into(), next }))
    }
}

struct MemoryReader {
    stream: MemoryStream,
    shard: String,
    next: usize,
}

#[async_trait]
impl ShardReader for MemoryReader {
    async fn next(&mut self, limit: usize) -> Result<Page, SourceError> {
        let next = self.next;
        let page = self.stream.with(&self.shard, |shard| {
            if shard.failing_reads > 0 {
                shard.failing_reads -= 1;
                return Err(SourceError("the stream is away".into()));
            }
            let records: Vec<_> = shard.records.iter().skip(next).take(limit).cloned().collect();
            let end = shard.closed && next + records.len() == shard.records.len();
            Ok(Page { records, end })
        })?;
        self.next += page.records.len();
        Ok(page)
    }

    async fn changed(&mut self) {
        let written = self.stream.0.written.notified();
        if self.stream.0.shards.lock().unwrap().iter().any(|shard| shard.id == self.shard && shard.wakes) {
            written.await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

/// A change of the item `key`, made at the start of the test's time.
pub fn record(sequence_number: u64, key: &str) -> Record {
    named_record(sequence_number, key, "MODIFY")
}

pub fn named_record(sequence_number: u64, key: &str, event_name: &str) -> Record {
    let sequence_number = sequence_number.to_string();
    let event = json!({
        "eventID": format!("event-{sequence_number}"),
        "eventName": event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": { "Keys": { "id": { "S": key } }, "SequenceNumber": sequence_number },
    });
    Record { sequence_number, event, item_key: key.into(), created_ms: START_MS }
}

/// The wall time at which every test starts.
pub const START_MS: u64 = 1_763_631_000_000;
