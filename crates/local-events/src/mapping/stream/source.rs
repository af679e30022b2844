//! The stream as a mapping needs it: shards, and records in order within a shard.

use async_trait::async_trait;
use serde_json::Value;

/// One change of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The record's `SequenceNumber`, unique and ascending within its shard.
    pub sequence_number: String,
    /// The record as it stands in the `Records` of a Lambda event: `eventID`, `eventName`, `eventSource`, `awsRegion`,
    /// `eventSourceARN` and `dynamodb` with `Keys`, images, `SequenceNumber` and `ApproximateCreationDateTime`.
    pub event: Value,
    /// The item's primary key in any form that is equal for equal keys; records of one item are handled in order.
    pub item_key: String,
    /// When the change was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// A shard of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// The shard's id.
    pub id: String,
    /// The shard this one continues; it is read to its end first.
    pub parent: Option<String>,
}

/// Where to begin reading a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// At the oldest record there is.
    TrimHorizon,
    /// After the newest record there is.
    Latest,
    /// After the record with this sequence number.
    After(String),
}

/// What one read gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Records in order; none when there is nothing new.
    pub records: Vec<Record>,
    /// True when the shard is closed and nothing will follow these records (a null `NextShardIterator`).
    pub end: bool,
}

/// Why a stream could not be read. The mapping logs it and tries again.
#[derive(Debug, thiserror::Error)]
#[error("the stream could not be read: {0}")]
pub struct SourceError(#[from] pub Box<dyn std::error::Error + Send + Sync>);

/// A stream of changes.
#[async_trait]
pub trait RecordSource: Send + Sync {
    /// The stream's ARN.
    fn stream_arn(&self) -> String;

    /// The shards of the stream, closed ones included as long as they hold records.
    async fn shards(&self) -> Result<Vec<Shard>, SourceError>;

    /// Opens a shard. What is written after this returns is seen, wherever the position is.
    async fn open(&self, shard_id: &str, position: &Position) -> Result<Box<dyn ShardReader>, SourceError>;
}

/// A place in a shard.
#[async_trait]
pub trait ShardReader: Send {
    /// Reads at most `limit` records and moves past them; answers at once when there are none.
    ///
    /// After an error the shard is opened anew after the last record that was read; before the first record, this reader
    /// is asked again.
    async fn next(&mut self, limit: usize) -> Result<Page, SourceError>;

    /// Resolves when there may be something to read. The mapping asks after its polling interval in any case, so a
    /// source that cannot tell leaves this as it is.
    async fn changed(&mut self) {
        std::future::pending::<()>().await;
    }
}
