//! The static page: a list of products, and for one of them a tide gauge of its version at every level.
//!
//! - [`files()`], [`published()`]: the page's files, embedded, ready to be served or uploaded
//! - [`CONTENT_SECURITY_POLICY`]: what they must be served with
//! - `browser` (feature `browser`): a headless Chromium, for tests that look at pages
//!
//! The page asks `GET /api/products`, `/api/products/{id}` and `/api/fresh/products/{id}`. Where `/_tidemark/about` says
//! `"local": true` it also looks into the levels (`/_tidemark/levels?id=`), follows versions on their way
//! (`/_tidemark/events`) and writes prices (`PATCH /api/admin/products/{id}`).

#[cfg(feature = "browser")]
pub mod browser;
mod files;

pub use files::{CONTENT_SECURITY_POLICY, File, file, files, published};
