//! The local stack: the whole system in one process tree, without an AWS account.
//!
//! [`Stack::start`] brings up, in this order:
//!
//! - [`database`]: an embedded DynamoDB with Streams, with a seeded catalogue ([`seed`])
//! - [`valkey`]: a real Valkey or Redis server, a child process
//! - [`messaging`]: queues and an event bus, with the rules of the template
//! - [`functions`]: the real function binaries behind a Runtime API that freezes them between invocations
//! - [`stream`]: the event source mapping from the table's stream to its function
//! - the front door: an HTTP API
//!
//! Everything listens on the loopback interface only, and ends with the process in whatever way it ends.

pub mod database;
pub mod endpoints;
pub mod env_file;
pub mod functions;
pub mod messaging;
pub mod seed;
pub mod server;
pub mod stack;
pub mod stream;
pub mod valkey;

pub use endpoints::Endpoints;
pub use stack::{Options, Stack, StartError};
