//! What every function does at cold start and at its borders.
//!
//! - [`settings`]: configuration, read once, every mistake reported at once
//! - [`policy`]: how a family of keys is cached, by environment
//! - [`logs`]: JSON logs
//! - [`metrics`]: what is measured, and how it gets to CloudWatch
//! - [`valkey`]: where the cache is and how to get in
//! - [`clients`]: the cache and the AWS clients, made once and reused
//! - [`runtime`]: the Lambda Runtime API: an event, then its answer
//! - [`gateway`]: requests as API Gateway hands them on, and its answers
//! - [`headers`], [`etag`], [`problem`]: what the HTTP functions share
//! - [`published`]: `ProductUpdated` as the functions behind a queue get it
//! - [`secret`]: a word that callers must show
//! - [`mod@exit`]: a start that fails says why in one line

pub mod clients;
pub mod etag;
pub mod exit;
pub mod gateway;
pub mod headers;
pub mod logs;
pub mod metrics;
pub mod policy;
pub mod problem;
pub mod published;
pub mod runtime;
pub mod secret;
pub mod settings;
pub mod valkey;

pub use exit::exit;
pub use lambda_runtime::Error;
pub use metrics::{Metrics, MetricsSettings};
pub use problem::Problem;
pub use secret::Secret;
pub use settings::{ConfigError, Settings};
