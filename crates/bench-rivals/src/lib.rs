//! What the benchmark compares `read-api` with. Each is a function of its own that answers `GET /api/products/{id}` with
//! the text under the key `plain:<id>`, and does nothing else.
//!
//! - `floor`: the least a function can do on this machine: the standard library only, one thread, blocking sockets, one raw
//!   `GET`. No cache with this protocol can be faster; everything else is shown as a multiple of it.
//! - `plain`: the usual way to write a function in Rust: `lambda_http` and a multiplexed connection of the `redis` crate,
//!   made at cold start.
//!
//! Both read `VALKEY_URL` (`redis://host:port`) and speak Lambda's Runtime API.
