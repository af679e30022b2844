//! The local stack: the whole system in one process tree, without an AWS account.
//!
//! [`Stack::start`] brings up, in this order:
//!
//! - [`database`]: an embedded DynamoDB with Streams, with a seeded catalogue ([`seed`])
//! - [`valkey`]: a real Valkey or Redis server, a child process
//! - [`messaging`]: queues and an event bus, with the rules of the template
//! - [`edge`]: CloudFront with its invalidation API
//! - [`functions`]: the real function binaries behind a Runtime API that freezes them between invocations
//! - [`mappings`]: the event source mappings, from the table's [`stream`] and from the queues
//! - [`page`]: the site, and what it shows of the levels and of a change's [`journey`] through them
//! - [`observe`]: what it tells of itself, for `cargo xtask trace` and `cargo xtask top`
//! - the front door: the edge, in front of an HTTP API and the site
//!
//! [`replay`] plays sample events through the functions on the same parts, without the mappings.
//!
//! Everything listens on the loopback interface only, and ends with the process in whatever way it ends.

pub mod database;
pub mod edge;
pub mod endpoints;
pub mod env_file;
pub mod functions;
pub mod heard;
pub mod journey;
pub mod mappings;
pub mod messaging;
pub mod observe;
pub mod page;
pub mod replay;
pub mod seed;
pub mod server;
pub mod stack;
pub mod stream;
pub mod valkey;

pub use endpoints::Endpoints;
pub use stack::{Options, Stack, StartError};
