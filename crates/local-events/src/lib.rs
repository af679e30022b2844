//! The queues, the bus and the event source mappings of the local stack, behaving as AWS documents them.
//!
//! - [`sqs`]: standard queues, in process and over HTTP
//! - [`bus`]: event buses with rules, in process and over HTTP
//! - [`mapping`]: event source mappings, from a stream or a queue to a function
//! - [`pattern`]: event patterns, for rules and filters
//! - [`Region`], [`WallClock`]: where and when the stack pretends to be
//!
//! ```
//! use std::sync::Arc;
//!
//! use local_events::bus::{self, EventBridge, PutEventsEntry, Rule};
//! use local_events::pattern::EventPattern;
//! use local_events::sqs::{self, Queues, Receive};
//! use local_events::{Region, WallClock};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let endpoint = format!("http://{}", listener.local_addr()?);
//! let clock = WallClock::system();
//! let queues = Arc::new(Queues::new(Region::default(), endpoint, clock));
//! let events = Arc::new(EventBridge::new(Region::default(), queues.clone(), clock));
//! tokio::spawn(axum::serve(listener, sqs::router(queues.clone())).into_future());
//! let _put_events_over_http = bus::router(events.clone());
//!
//! queues.create("purges", &[("DelaySeconds".into(), "0".into())].into())?;
//! let pattern: EventPattern = r#"{"detail-type":["ProductUpdated"]}"#.parse()?;
//! let targets = vec![queues.arn_of("purges")?];
//! events.put_rule("default", Rule { name: "purge".into(), pattern, targets })?;
//!
//! let entry = PutEventsEntry {
//!     source: Some("shop".into()),
//!     detail_type: Some("ProductUpdated".into()),
//!     detail: Some(r#"{"id":"p-1"}"#.into()),
//!     ..PutEventsEntry::default()
//! };
//! assert!(events.put_events(vec![entry])?[0].is_ok());
//! let received = queues.receive("purges", Receive { max: 10, ..Receive::default() }).await?;
//! assert!(received[0].body.contains("p-1"));
//! # Ok(())
//! # }
//! ```

pub mod bus;
mod clock;
pub mod mapping;
pub mod pattern;
mod region;
pub mod sqs;

pub use clock::WallClock;
pub use region::{ACCOUNT_ID, Region};
