//! The cache store on Valkey or Redis.
//!
//! [`ValkeyStore`] implements [`cache::CacheStore`]: READ is a plain `GET`, the other operations are scripts, each on
//! one key in one round trip (`src/scripts/*.lua`). The connection is made at the first command, shared by all
//! requests of the process, and made anew when it breaks. Commands used: `GET`, `GETRANGE`, `SET`, `SETRANGE`, `DEL`,
//! `MGET`, `EVALSHA`, `SCRIPT LOAD`; all of them exist in Redis 6 and later and in every Valkey.

mod config;
mod error;
mod scripts;
mod store;

pub use config::{ConfigError, ValkeyConfig};
pub use store::ValkeyStore;
