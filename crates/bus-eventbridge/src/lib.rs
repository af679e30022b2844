//! The event bus on EventBridge.
//!
//! [`EventBridgeBus`] implements [`catalog::EventBus`]: PutEvents in calls of at most 10 entries, each entry's own result
//! checked. A call that succeeds may still have failed entries. Each entry carries the X-Ray trace of the invocation that
//! publishes it, which EventBridge passes on to its targets.

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use catalog::events::SOURCE;
use catalog::{BusError, Event, EventBus};
use futures::stream::{self, StreamExt};

/// The most entries of one call (EventBridge quota).
const MAX_ENTRIES: usize = 10;
/// Calls under way at once: a batch of 10,000 changes must not wait for 1,000 round trips one by one.
const MAX_CALLS: usize = 8;

/// A custom event bus.
pub struct EventBridgeBus {
    client: Client,
    bus: String,
}

impl EventBridgeBus {
    /// The bus of this name or ARN.
    pub fn new(client: Client, bus: impl Into<String>) -> Self {
        EventBridgeBus { client, bus: bus.into() }
    }

    async fn put(&self, events: &[Event]) -> Vec<Result<String, BusError>> {
        // Where `lambda_runtime` leaves it, and where the SDK looks for it too.
        let trace = std::env::var("_X_AMZN_TRACE_ID").ok();
        let entries = events.iter().map(|event| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.bus)
                .source(SOURCE)
                .detail_type(event.detail_type())
                .detail(event.detail())
                .set_trace_header(trace.clone())
                .build()
        });
        match self.client.put_events().set_entries(Some(entries.collect())).send().await {
            Ok(answer) => {
                let mut results: Vec<_> = answer.entries().iter().map(fate).collect();
                let unsaid = || Err(BusError("EventBridge gave no result for the entry".to_owned()));
                results.resize_with(events.len(), unsaid);
                results
            }
            Err(error) => {
                let error = BusError(format!("EventBridge: {}", DisplayErrorContext(&error)));
                vec![Err(error); events.len()]
            }
        }
    }
}

#[async_trait]
impl EventBus for EventBridgeBus {
    async fn publish(&self, events: &[Event]) -> Vec<Result<String, BusError>> {
        let calls: Vec<_> = events.chunks(MAX_ENTRIES).map(|chunk| self.put(chunk)).collect();
        stream::iter(calls).buffered(MAX_CALLS).flat_map(stream::iter).collect().await
    }
}

fn fate(entry: &PutEventsResultEntry) -> Result<String, BusError> {
    match entry.error_code() {
        None => Ok(entry.event_id().unwrap_or_default().to_owned()),
        Some(code) => {
            Err(BusError(format!("EventBridge: {code}: {}", entry.error_message().unwrap_or_default())))
        }
    }
}
