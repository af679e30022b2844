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
        let refused = json!({ "source": ["tidemark"], "detail-type": ["RecordRefused"] });
        let rule = Rule {
            name: "refused-records".to_owned(),
            pattern: EventPattern::parse(&refused).map_err(failed)?,
            targets: vec![queues.arn_of(FAILURE_QUEUE).map_err(failed)?],
        };
        bus.put_rule(BUS, rule).map_err(failed)?;
        let sqs = Server::start(listener, queues_router(queues.clone())).map_err(failed)?;
        let events =
            Server::start(listen("EventBridge", 0).await?, events_router(bus.clone())).map_err(failed)?;
        Ok(Messaging { queues, bus, clock, failure_queue, sqs, events })
    }
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError::Part { what: "SQS and EventBridge", reason: error.to_string() }
}
