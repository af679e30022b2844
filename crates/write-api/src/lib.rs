//! PUT, PATCH and DELETE of products, conditional, with write-through invalidation.
//!
//! - [`config`]: what the function is told at start
//! - [`decode`]: a request becomes a command
//! - [`handler`]: apply it, answer

pub mod config;
pub mod decode;
pub mod handler;

pub use config::Config;
pub use handler::Api;
