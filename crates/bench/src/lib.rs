//! Measurements of the functions as they are shipped, side by side with what else could be there, and of what they are made of.
//!
//! - [`hit`]: one invocation through a Runtime API host, in several ways, interleaved on one core
//! - [`instructions`]: instructions and system calls of one invocation, which repeat exactly
//! - [`gate`]: the same, against a committed baseline
//! - [`cold`]: from the process's start to its first answer
//! - [`engine`]: time and instructions of each [`operation`] of the engine, without network
//! - [`store`]: what the engine asks of a server ([`commands`]) under [`load`], on one node and in a [`cluster`], against what a
//!   plain cache asks; [`memory`]: what a record takes there
//! - [`herd`]: 10,000 readers of one cold key
//! - [`growth`]: a hit and an invalidation with more items, and with larger ones
//! - [`invalidation`]: stream records through `stream-invalidator`, by the size of their batch
//! - [`lag`]: from a write to the cache and to the edge, in the local stack
//! - [`sustained`]: load that does not wait, at rising rates until the local stack bends, then below that
//! - [`report`]: tables, with machine, load, versions and command
//!
//! Times are of this machine and its loopback interface: quote ratios.

pub mod arrivals;
pub mod bus;
pub mod clock;
pub mod cluster;
pub mod cold;
pub mod commands;
pub mod engine;
pub mod floors;
pub mod function;
pub mod gate;
pub mod growth;
pub mod herd;
pub mod hit;
pub mod host;
pub mod http;
pub mod instructions;
pub mod invalidation;
pub mod lag;
pub mod load;
pub mod machine;
pub mod memory;
pub mod operation;
pub mod process;
pub mod records;
pub mod report;
pub mod resident;
pub mod samples;
pub mod seed;
pub mod server;
pub mod stack;
pub mod store;
pub mod sustained;
pub mod target;
