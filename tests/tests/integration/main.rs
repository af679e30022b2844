//! The integration tests: one binary, a module for each subject.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod audit;
mod burst;
mod edge;
mod failures;
mod foreign_writes;
mod herd;
mod lists;
mod observe;
mod openapi;
mod read_after_write;
mod reading;
mod replay;
mod stack;
mod threats;
mod writing;
