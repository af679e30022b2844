//! Queues and the event bus, with the rules of the template.

use std::collections::BTreeMap;
use std::sync::Arc;

use local_events::bus::{EventBridge, Rule, router as events_router};
use local_events::pattern::EventPattern;
use local_events::sqs::{Queues, router as queues_router};
use local_events::{Region, WallClock};
use local_lambda::REGION;
use serde_json::json;

use crate::server::{Server, listen};
use crate::stack::StartError;

/// The event bus.
pub const BUS: &str = "tidemark";
/// Where refused records go.
pub const FAILURE_QUEUE: &str = "tidemark-failures";

/// What changes wait in for the edge.
pub const EDGE_QUEUE: &str = "tidemark-edge";
/// Where changes go that the edge could not take.
pub const DEAD_LETTERS: &str = "tidemark-edge-dead-letters";
/// What changes and later looks at them wait in for the auditor.
pub const AUDIT_QUEUE: &str = "tidemark-audit";
/// Where messages go that the auditor cannot read.
pub const AUDIT_DEAD_LETTERS: &str = "tidemark-audit-dead-letters";

/// Running queues and bus; they end when this is dropped.
pub struct Messaging {
    /// The queues.
    pub queues: Arc<Queues>,
    /// The bus.
    pub bus: Arc<EventBridge>,
    /// What both tell the time by.
    pub clock: WallClock,
    /// The URL of the queue of refused records.
    pub failure_queue: String,
    /// The URL of the queue in front of `edge-invalidator`.
    pub edge_queue: String,
    /// The URL of the queue in front of `consistency-auditor`.
    pub audit_queue: String,
    /// SQS.
    pub sqs: Server,
    /// EventBridge.
    pub events: Server,
}

impl Messaging {
    /// Starts both and creates what the template has.
    pub async fn start() -> Result<Messaging, StartError> {
        let clock = WallClock::system();
        let region = Region::new(REGION);
        let listener = listen("SQS", 0).await?;
        let endpoint = format!("http://{}", listener.local_addr().map_err(failed)?);
        let queues = Arc::new(Queues::new(region.clone(), endpoint, clock));
        let failure_queue = queues.create(FAILURE_QUEUE, &BTreeMap::new()).map_err(failed)?;
        let bus = Arc::new(EventBridge::new(region, queues.clone(), clock));
        bus.create_bus(BUS).map_err(failed)?;
        // Messages that the function has returned so often are dead.
        let edge_queue = create_queue(&queues, EDGE_QUEUE, DEAD_LETTERS, 100)?;
        let audit_queue = create_queue(&queues, AUDIT_QUEUE, AUDIT_DEAD_LETTERS, 5)?;
        for (name, detail_type, queue) in [
            ("refused-records", "RecordRefused", FAILURE_QUEUE),
            ("product-updates", "ProductUpdated", EDGE_QUEUE),
            ("audited-updates", "ProductUpdated", AUDIT_QUEUE),
        ] {
            let pattern = json!({ "source": ["tidemark"], "detail-type": [detail_type] });
            let pattern = EventPattern::parse(&pattern).map_err(failed)?;
            let targets = vec![queues.arn_of(queue).map_err(failed)?];
            bus.put_rule(BUS, Rule { name: name.to_owned(), pattern, targets }).map_err(failed)?;
        }
        let sqs = Server::start(listener, queues_router(queues.clone())).map_err(failed)?;
        let events =
            Server::start(listen("EventBridge", 0).await?, events_router(bus.clone())).map_err(failed)?;
        Ok(Messaging { queues, bus, clock, failure_queue, edge_queue, audit_queue, sqs, events })
    }
}

/// A queue as in the template, with its dead letters.
fn create_queue(
    queues: &Queues,
    name: &str,
    dead_letters: &str,
    receives: u32,
) -> Result<String, StartError> {
    queues.create(dead_letters, &BTreeMap::new()).map_err(failed)?;
    let dead_letters = queues.arn_of(dead_letters).map_err(failed)?;
    let redrive = json!({ "deadLetterTargetArn": dead_letters, "maxReceiveCount": receives });
    let attributes = BTreeMap::from([
        ("VisibilityTimeout".to_owned(), "180".to_owned()),
        ("RedrivePolicy".to_owned(), redrive.to_string()),
    ]);
    queues.create(name, &attributes).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError::Part { what: "SQS and EventBridge", reason: error.to_string() }
}
