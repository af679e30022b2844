//! The cache store on Valkey or Redis.

mod acl;
mod cluster;
mod config;
mod connection;
mod failure;
mod iam;
mod login;
mod node;
mod request;
mod scripts;
mod store;

pub use acl::{ACL_CLUSTER_COMMANDS, ACL_COMMANDS, ACL_REPLICA_COMMANDS};
pub use config::{ConfigError, Form, Replicas, ValkeyConfig};
pub use iam::{IamLogin, TokenError};
pub use login::Login;
pub use store::ValkeyStore;
