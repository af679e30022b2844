//! What every function does at cold start and at its borders.
//!
//! - [`settings`]: configuration, read once, every mistake reported at once
//! - [`policy`]: how a family of keys is cached, by environment
//! - [`logs`]: JSON logs
//! - [`valkey`]: where the cache is and how to get in
//! - [`clients`]: the cache and the AWS clients, made once and reused
//! - [`etag`], [`problem`]: what the HTTP functions share
//! - [`mod@exit`]: a start that fails says why in one line

pub mod clients;
pub mod etag;
pub mod exit;
pub mod logs;
pub mod policy;
pub mod problem;
pub mod settings;
pub mod valkey;

pub use exit::exit;
pub use problem::{Problem, VERSION_HEADER};
pub use settings::{ConfigError, Settings};
