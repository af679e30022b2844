//! Measurements of the functions as they are shipped, side by side with what else could be there.
//!
//! - [`hit`]: one invocation through a Runtime API host, in several ways, interleaved on one core
//! - [`instructions`]: instructions and system calls of one invocation, which repeat exactly
//! - [`gate`]: the same, against a committed baseline
//! - [`cold`]: from the process's start to its first answer
//! - [`report`]: tables, with machine, load, versions and command
//!
//! Times are of this machine and its loopback interface: quote ratios.

pub mod clock;
pub mod cold;
pub mod function;
pub mod gate;
pub mod hit;
pub mod host;
pub mod instructions;
pub mod machine;
pub mod report;
pub mod samples;
pub mod seed;
pub mod server;
