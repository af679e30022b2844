//! The buses of the stack, for use in process; the HTTP protocol in `wire` is a translation onto this.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::broadcast;

use super::entry::{EntryError, PutEventsEntry};
use super::faults::Faults;
use crate::clock::WallClock;
use crate::pattern::EventPattern;
use crate::region::Region;
use crate::sqs::{Queues, SendMessage};

/// The most entries of one call ("PutEvents").
pub const MAX_ENTRIES: usize = 10;

/// The entries of one call together are smaller than this many bytes (1 MB since January 2026, 256 KB before).
pub const MAX_REQUEST_BYTES: usize = 1_048_576;

const DEFAULT_BUS: &str = "default";

/// Events a subscriber may lag behind before it misses some.
const SUBSCRIPTION_BUFFER: usize = 4_096;

/// Which events of a bus go where.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The rule's name, unique on its bus.
    pub name: String,
    /// What it looks for, in the event with its envelope.
    pub pattern: EventPattern,
    /// ARNs of queues; each gets the whole event as the body of a message.
    pub targets: Vec<String>,
}

/// An event that a bus took.
#[derive(Debug, Clone, PartialEq)]
pub struct AcceptedEvent {
    /// The bus's name.
    pub bus: String,
    /// The event with its envelope.
    pub event: Arc<Value>,
    /// Names of the rules that matched.
    pub rules: Vec<String>,
}

/// Why a whole call was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventsError {
    /// `ValidationException`: no entries, too many, or too large together.
    #[error("{0}")]
    Validation(String),
    /// `ResourceNotFoundException`: no bus of this name.
    #[error("Event bus {0} does not exist.")]
    ResourceNotFound(String),
    /// `ResourceAlreadyExistsException`: a bus of this name is there.
    #[error("Event bus {0} already exists.")]
    ResourceAlreadyExists(String),
}

/// The buses of one account and region, in memory. The bus `default` is always there.
///
/// Wherever a bus is named, its name and its ARN both do.
#[derive(Debug)]
pub struct EventBridge {
    region: Region,
    queues: Arc<Queues>,
    clock: WallClock,
    buses: Mutex<BTreeMap<String, Vec<Rule>>>,
    faults: Faults,
    accepted: broadcast::Sender<AcceptedEvent>,
}

impl EventBridge {
    /// Only the default bus, without rules. Targets are found in `queues`.
    #[must_use]
    pub fn new(region: Region, queues: Arc<Queues>, clock: WallClock) -> Self {
        let buses = Mutex::new(BTreeMap::from([(DEFAULT_BUS.to_owned(), Vec::new())]));
        let accepted = broadcast::Sender::new(SUBSCRIPTION_BUFFER);
        Self { region, queues, clock, buses, faults: Faults::default(), accepted }
    }

    /// Creates a bus and answers its ARN.
    pub fn create_bus(&self, name: &str) -> Result<String, EventsError> {
        let mut buses = self.buses.lock().unwrap_or_else(PoisonError::into_inner);
        if buses.contains_key(name) {
            return Err(EventsError::ResourceAlreadyExists(name.into()));
        }
        buses.insert(name.into(), Vec::new());
        Ok(self.region.arn("events", &format!("event-bus/{name}")))
    }

    /// Adds a rule to a bus, or replaces the one of the same name.
    pub fn put_rule(&self, bus: &str, rule: Rule) -> Result<(), EventsError> {
        let mut buses = self.buses.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = buses.get_mut(bus_name(bus)).ok_or_else(|| EventsError::ResourceNotFound(bus.into()))?;
        rules.retain(|existing| existing.name != rule.name);
        rules.push(rule);
        Ok(())
    }

    /// Takes entries; the answer has one result for each, in order: the event's id, or why it was not accepted.
    ///
    /// An event for a bus that does not exist is accepted and lost, as on AWS; a warning is logged. A call in which no entry
    /// has all required parameters fails entry by entry.
    ///
    /// # Errors
    /// [`EventsError::Validation`] when the call as a whole is refused; then no entry was taken.
    pub fn put_events(
        &self,
        entries: Vec<PutEventsEntry>,
    ) -> Result<Vec<Result<String, EntryError>>, EventsError> {
        check(&entries)?;
        Ok(entries.into_iter().map(|entry| self.put_event(entry)).collect())
    }

    /// Every event that is accepted from now on, on any bus.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<AcceptedEvent> {
        self.accepted.subscribe()
    }

    /// What makes entries fail.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    fn put_event(&self, entry: PutEventsEntry) -> Result<String, EntryError> {
        let bus = bus_name(entry.event_bus_name.as_deref().unwrap_or(DEFAULT_BUS)).to_owned();
        let event = entry.into_event(&self.region, self.clock.now_ms())?;
        if let Some(fault) = self.faults.take() {
            return Err(fault);
        }
        let id = event["id"].as_str().unwrap_or_default().to_owned();
        let matching = self.matching_rules(&bus, &event);
        let body = event.to_string();
        for queue in matching.iter().flat_map(|rule| &rule.targets) {
            if let Err(error) = self.queues.send(queue, SendMessage::new(body.as_str())) {
                tracing::error!(queue, %error, "an event did not reach its target");
            }
        }
        let rules = matching.into_iter().map(|rule| rule.name).collect();
        // Nobody has to be listening.
        let _ = self.accepted.send(AcceptedEvent { bus, event: Arc::new(event), rules });
        Ok(id)
    }

    fn matching_rules(&self, bus: &str, event: &Value) -> Vec<Rule> {
        let buses = self.buses.lock().unwrap_or_else(PoisonError::into_inner);
        match buses.get(bus) {
            Some(rules) => rules.iter().filter(|rule| rule.pattern.matches(event)).cloned().collect(),
            None => {
                tracing::warn!(bus, "an event for a bus that does not exist is lost");
                Vec::new()
            }
        }
    }
}

fn check(entries: &[PutEventsEntry]) -> Result<(), EventsError> {
    let constraint = |bound: &str| {
        EventsError::Validation(format!(
            "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length {bound}"
        ))
    };
    if entries.is_empty() {
        return Err(constraint("greater than or equal to 1"));
    }
    if entries.len() > MAX_ENTRIES {
        return Err(constraint("less than or equal to 10"));
    }
    if entries.iter().map(PutEventsEntry::size).sum::<usize>() >= MAX_REQUEST_BYTES {
        return Err(EventsError::Validation(
            "Total size of the entries in the request is over the limit.".into(),
        ));
    }
    Ok(())
}

/// The name at the end of `arn:aws:events:<region>:<account>:event-bus/<name>`; a bare name stays as it is.
fn bus_name(name_or_arn: &str) -> &str {
    name_or_arn.split_once(":event-bus/").map_or(name_or_arn, |(_, name)| name)
}
