//! Amazon EventBridge: buses with rules that put matching events into queues.
//!
//! - [`EventBridge`]: the buses, used in process; [`Rule`]: a pattern and its targets
//! - [`router`]: `PutEvents` over HTTP in the AWS JSON 1.1 protocol
//! - [`Faults`]: makes entries fail when a test wants it
//! - `entry`: checks one entry and makes the event of it

mod entry;
mod event_bridge;
mod faults;
mod wire;

pub use entry::{EntryError, PutEventsEntry};
pub use event_bridge::{AcceptedEvent, EventBridge, EventsError, MAX_ENTRIES, MAX_REQUEST_BYTES, Rule};
pub use faults::Faults;
pub use wire::router;
