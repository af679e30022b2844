//! The event source mappings, with the settings the template gives them.

use std::sync::Arc;
use std::time::Duration;

use local_events::mapping::MappedFunction;
use local_events::mapping::queue::{QueueMapping, QueueMappingParts, QueueSettings};
use local_events::mapping::stream::{StartingPosition, StreamMapping, StreamMappingParts, StreamSettings};
use local_events::pattern::FilterCriteria;
use local_lambda::{Function, function_arn};

use crate::database::DynamoDb;
use crate::functions::Functions;
use crate::journey::Reporter;
use crate::messaging::Messaging;
use crate::stack::StartError;
use crate::stream::TableStream;

/// The running mappings; they end when this is dropped.
pub struct Mappings {
    /// From the table's stream to `stream-invalidator`.
    pub stream: StreamMapping,
    /// From the edge's queue to `edge-invalidator`.
    pub edge: QueueMapping,
    /// From the auditor's queue to `consistency-auditor`.
    pub audit: QueueMapping,
}

impl Mappings {
    /// Starts all. What is written to the table from here on is delivered.
    pub async fn start(
        dynamodb: &DynamoDb,
        messaging: &Messaging,
        functions: &Functions,
        poll_interval: Duration,
        steps: Reporter,
    ) -> Result<Mappings, StartError> {
        let edge = QueueMapping::start(QueueMappingParts {
            queues: messaging.queues.clone(),
            queue: messaging.edge_queue.clone(),
            function: mapped(&functions.edge_invalidator),
            settings: QueueSettings {
                batch_size: 500,
                maximum_batching_window: Duration::from_secs(1),
                report_batch_item_failures: true,
                maximum_concurrency: Some(2),
                ..QueueSettings::default()
            },
            filter: FilterCriteria::default(),
        });
        let audit = QueueMapping::start(QueueMappingParts {
            queues: messaging.queues.clone(),
            queue: messaging.audit_queue.clone(),
            function: mapped(&functions.consistency_auditor),
            // No window: a look has its time.
            settings: QueueSettings {
                batch_size: 10,
                report_batch_item_failures: true,
                maximum_concurrency: Some(2),
                ..QueueSettings::default()
            },
            filter: FilterCriteria::default(),
        });
        let stream = TableStream::new(dynamodb.database.clone(), dynamodb.stream_arn.clone(), steps);
        let stream = StreamMapping::start(StreamMappingParts {
            source: Arc::new(stream),
            function: mapped(&functions.stream_invalidator),
            settings: StreamSettings {
                starting_position: StartingPosition::Latest,
                // Retries are unlimited within just under the stream's 24 hours: an outage of the cache drops nothing.
                report_batch_item_failures: true,
                bisect_batch_on_function_error: true,
                maximum_record_age: Some(Duration::from_secs(84_600)),
                parallelization_factor: 2,
                on_failure: Some(messaging.failure_queue.clone()),
                poll_interval,
                ..StreamSettings::default()
            },
            filter: FilterCriteria::default(),
            queues: messaging.queues.clone(),
            clock: messaging.clock,
        })
        .await;
        Ok(Mappings {
            stream: stream.map_err(failed)?,
            edge: edge.map_err(failed)?,
            audit: audit.map_err(failed)?,
        })
    }
}

fn mapped(function: &Arc<Function>) -> MappedFunction {
    MappedFunction { arn: function_arn(function.name()), invoke: function.clone() }
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError::Part { what: "an event source mapping", reason: error.to_string() }
}
