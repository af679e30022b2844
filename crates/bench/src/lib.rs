//! Measurements of the functions as they are shipped, side by side with what else could be there.
//!
//! - [`hit`]: one invocation through a Runtime API host, in several ways, interleaved on one core
//! - [`instructions`]: instructions and system calls of one invocation, which repeat exactly
//! - [`gate`]: the same, against a committed baseline
//! - [`cold`]: from the process's start to its first answer
//! - [`invalidation`]: stream records through `stream-invalidator`, by the size of their batch
//! - [`lag`]: from a write to the cache and to the edge, in the local stack
//! - [`sustained`]: load that does not wait, at rising rates until the local stack bends, then below that
//! - [`report`]: tables, with machine, load, versions and command
//!
//! Times are of this machine and its loopback interface: quote ratios.

pub mod bus;
pub mod clock;
pub mod cold;
pub mod floors;
pub mod function;
pub mod gate;
pub mod hit;
pub mod host;
pub mod http;
pub mod instructions;
pub mod invalidation;
pub mod lag;
pub mod arrivals;
pub mod machine;
pub mod resident;
pub mod report;
pub mod samples;
pub mod seed;
pub mod server;
pub mod stack;
pub mod sustained;
