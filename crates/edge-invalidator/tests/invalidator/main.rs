//! The function's handler, over fakes of the edge, the ledger and the queue.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod budget;
mod burst;
mod delivery;
mod direct;
mod fence;
mod sqs;
mod support;
mod world;
