//! The edge in front of scripted origins on loopback. One module a subject, one test a rule.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may end by panicking")]

mod collapsing;
mod compression;
mod conditional;
mod dialect;
mod errors;
mod events;
mod freshness;
mod in_flight;
mod invalidation_api;
mod keys;
mod passing;
mod purging;
mod revalidation;
mod sdk;
mod serving;
mod stale;
mod store;
mod support;
mod time_outs;
mod vary;
