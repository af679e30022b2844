//! The crate against real processes and real connections.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what sets the scene may fail the test"
)]

mod function;
mod gateway;
mod invoke_api;
mod process;
mod scene;
mod shutdown;
mod start;
