//! The table's stream as an event source.

use async_trait::async_trait;
use dynoxide::Database;
use local_events::mapping::stream::{Page, Position, Record, RecordSource, Shard, ShardReader, SourceError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::journey::Reporter;

/// A stream of the embedded DynamoDB.
pub struct TableStream {
    database: Database,
    arn: String,
    steps: Reporter,
}

impl TableStream {
    /// The stream of this ARN; each record is reported as it is read.
    pub fn new(database: Database, arn: String, steps: Reporter) -> Self {
        TableStream { database, arn, steps }
    }
}

#[async_trait]
impl RecordSource for TableStream {
    fn stream_arn(&self) -> String {
        self.arn.clone()
    }

    async fn shards(&self) -> Result<Vec<Shard>, SourceError> {
        let answer =
            self.database.describe_stream(request(json!({ "StreamArn": self.arn }))?).map_err(failed)?;
        let shards = answer.stream_description.shards.into_iter();
        Ok(shards.map(|shard| Shard { id: shard.shard_id, parent: None }).collect())
    }

    async fn open(&self, shard_id: &str, position: &Position) -> Result<Box<dyn ShardReader>, SourceError> {
        let mut ask = json!({ "StreamArn": self.arn, "ShardId": shard_id });
        match position {
            Position::TrimHorizon => ask["ShardIteratorType"] = json!("TRIM_HORIZON"),
            Position::Latest => ask["ShardIteratorType"] = json!("LATEST"),
            Position::After(number) => {
                ask["ShardIteratorType"] = json!("AFTER_SEQUENCE_NUMBER");
                ask["SequenceNumber"] = json!(number);
            }
        }
        let iterator = self.database.get_shard_iterator(request(ask)?).map_err(failed)?.shard_iterator;
        let (database, arn, steps) = (self.database.clone(), self.arn.clone(), self.steps.clone());
        Ok(Box::new(Reader { database, arn, iterator, steps }))
    }
}

struct Reader {
    database: Database,
    arn: String,
    iterator: Option<String>,
    steps: Reporter,
}

#[async_trait]
impl ShardReader for Reader {
    async fn next(&mut self, limit: usize) -> Result<Page, SourceError> {
        let Some(iterator) = &self.iterator else { return Ok(Page { records: Vec::new(), end: true }) };
        // GetRecords gives at most 1,000 records, here as on AWS.
        let ask = json!({ "ShardIterator": iterator, "Limit": limit.min(1_000) });
        let answer = self.database.get_records(request(ask)?).map_err(failed)?;
        let records = answer.records.iter().map(|record| self.record(record)).collect::<Result<_, _>>()?;
        self.iterator = answer.next_shard_iterator;
        Ok(Page { records, end: self.iterator.is_none() })
    }
}

impl Reader {
    fn record(&self, record: &impl serde::Serialize) -> Result<Record, SourceError> {
        let mut event = serde_json::to_value(record).map_err(failed)?;
        event["eventSourceARN"] = json!(self.arn);
        let version = event.pointer("/dynamodb/NewImage/version/N").and_then(Value::as_str);
        if let Some(id) = event.pointer("/dynamodb/Keys/id/S").and_then(Value::as_str) {
            let version = version.and_then(|digits| digits.parse().ok()).unwrap_or(0);
            if let Some(at_ms) = written_at(&event) {
                self.steps.report_at(at_ms, "written", id, version);
            }
            self.steps.report("streamed", id, version);
        }
        let created = event.pointer("/dynamodb/ApproximateCreationDateTime").and_then(Value::as_f64);
        let number = event.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default();
        Ok(Record {
            sequence_number: number.to_owned(),
            item_key: event.pointer("/dynamodb/Keys").map(Value::to_string).unwrap_or_default(),
            created_ms: (created.unwrap_or_default() * 1_000.0) as u64,
            event,
        })
    }
}

/// When a row was written, if its writer left the time in it: the record itself knows the second only.
fn written_at(event: &Value) -> Option<u64> {
    let time =
        |image: &str| event.pointer(&format!("/dynamodb/{image}/updated_at/S")).and_then(Value::as_str);
    let new = time("NewImage").filter(|new| time("OldImage") != Some(new))?;
    u64::try_from(new.parse::<jiff::Timestamp>().ok()?.as_millisecond()).ok()
}

fn request<T: DeserializeOwned>(request: Value) -> Result<T, SourceError> {
    serde_json::from_value(request).map_err(failed)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SourceError {
    SourceError(Box::new(error))
}
