//! GET and HEAD of products, through the cache, and of lists and selections of them.
//!
//! - [`config`]: what the function is told at start
//! - [`route`]: what a path means
//! - [`wish`]: what the request's headers ask for
//! - [`list`]: lists of products, page by page
//! - [`several`]: several products at once
//! - [`handler`]: ask the catalogue, answer
//! - [`meter`]: what is measured of each answer
//! - [`headers`]: what an answer says of its own freshness and origin

pub mod config;
pub mod handler;
pub mod headers;
pub mod list;
pub mod meter;
pub mod route;
pub mod several;
pub mod wish;

pub use config::{Config, Freshness};
pub use handler::Api;
