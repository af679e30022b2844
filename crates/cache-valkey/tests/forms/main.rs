//! The store on every form the servers have: real ones, broken in every way.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "../servers/mod.rs"]
mod servers;

mod acl;
mod agreement;
mod broken;
mod contract;
mod controlled;
mod failover;
mod replicas;
mod tls;
