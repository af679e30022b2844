//! Each test shows one rule that AWS documents; its comment names the page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bus;
mod bus_http;
mod fakes;
mod patterns;
mod queue_mapping;
mod settings;
mod sqs;
mod sqs_http;
mod stream;
mod stream_failures;
