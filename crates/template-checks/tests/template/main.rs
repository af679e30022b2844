//! The template and the code agree.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod behaviour;
mod environment;
mod functions;
mod headers;
mod metrics;
mod permissions;
mod recorder;
mod rules;
mod sources;
mod times;
mod waivers;
