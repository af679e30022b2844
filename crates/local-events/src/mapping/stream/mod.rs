//! Event source mapping of a DynamoDB stream.
//!
//! - [`RecordSource`], [`ShardReader`]: the stream, as the mapping needs it
//! - [`StreamSettings`]: the settings of `AWS::Lambda::EventSourceMapping`
//! - [`StreamMapping`]: a running mapping; [`Progress`]: how far it is
//! - `shard` reads and filters, `lane` forms batches and invokes, `retry` decides what follows a failure,
//!   `discard` tells the failure destination, `checkpoint` knows what is done

mod checkpoint;
mod discard;
mod lane;
mod mapping;
mod progress;
mod retry;
mod settings;
mod shard;
mod source;

pub use mapping::{StreamMapping, StreamMappingParts};
pub use progress::Progress;
pub use settings::{StartingPosition, StreamSettings};
pub use source::{Page, Position, Record, RecordSource, Shard, ShardReader, SourceError};
