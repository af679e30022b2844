//! The function's handler over fakes, and its requests against a real server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod http;
mod looks;
mod planning;
mod sqs;
mod support;
