//! The cache store on Valkey or Redis: one node or a cluster, with TLS, ACL users and IAM logins.
//!
//! [`ValkeyStore`] implements [`cache::CacheStore`]. Reads are plain `GET`, `GETRANGE` and `MGET`; the other operations are
//! scripts on one key (`src/scripts/*.lua`), sent by their hash, and in full (`EVAL`) to a server that does not know them.
//! Everything used exists in Redis 6 and later and in every Valkey.
//!
//! | to learn about | read |
//! |---|---|
//! | where, how to get in, how long | [`ValkeyConfig`], [`Login`], [`IamLogin`] |
//! | the shared connection, and when it is replaced | `connection/link` |
//! | what is tried once more | `failure` |
//! | who owns a slot | `cluster` |
//! | what is sent together | `request` |
//!
//! # Forms
//!
//! [`Form::Node`] is one server, or the primary endpoint of several without cluster mode. [`Form::Cluster`] is the cluster
//! protocol, which every ElastiCache serverless cache speaks: primaries only, the map of slots from `CLUSTER SLOTS`, keys of one
//! slot read with one `MGET`. Nothing connects before the first operation, nothing reconnects without one.
//!
//! A request is tried once more, at most: on a new connection when its own turns out to be closed, at the new owner
//! when its slot has moved or its primary was demoted. How long both attempts may take together is for the caller to
//! say. A connection that has let a request wait for longer than `response_timeout` is replaced by the next. Each
//! node has connections of its own: one that hangs costs only the keys of its slots. After two failures to connect,
//! requests are refused for 20 ms, doubling up to 1 s, instead of storming a server that is down.
//!
//! In the form of one node, a primary that was demoted but still answers is noticed at the first write, or when the
//! connection reaches `max_connection_age`; until then its reads lag as its replication does. A cluster's replicas
//! refuse reads at once.
//!
//! # The ACL user
//!
//! ```text
//! ACL SETUSER tidemark reset on >PASSWORD ~tidemark* +get +getrange +mget +set +setrange +del +eval +evalsha
//!     cluster:              +cluster|slots +asking
//!     waiting for replicas: +wait
//! ```
//!
//! Those are [`ACL_COMMANDS`], [`ACL_CLUSTER_COMMANDS`] and [`ACL_REPLICA_COMMANDS`]. The key pattern is the namespace.
//! `+@write` would allow `FLUSHALL`.
//!
//! # IAM
//!
//! For ElastiCache users of type IAM, over TLS, with `elasticache:Connect` on the cache and the user:
//!
//! ```
//! use aws_credential_types::provider::SharedCredentialsProvider;
//! use cache_valkey::{ConfigError, Form, IamLogin, Login, ValkeyConfig};
//!
//! fn config(credentials: SharedCredentialsProvider) -> Result<ValkeyConfig, ConfigError> {
//!     let mut config = ValkeyConfig::from_url("rediss://orders-abc123.serverless.euc1.cache.amazonaws.com:6379")?;
//!     config.form = Form::Cluster;
//!     config.login = Login::Iam(IamLogin {
//!         user: "tidemark".to_owned(),
//!         cache: "orders".to_owned(),
//!         serverless: true,
//!         region: "eu-central-1".to_owned(),
//!         credentials,
//!     });
//!     Ok(config)
//! }
//! ```
//!
//! Each connection logs in with a token signed at that moment, and is replaced after `max_connection_age`, long before
//! ElastiCache's 12 hours are over.
//!
//! # What a failover can lose
//!
//! Replication is asynchronous: a primary that dies may take with it the last invalidations it acknowledged. Its
//! replica then answers with what they had fenced, until the body's time is over. With [`ValkeyConfig::replicas`] an
//! invalidation travels with `WAIT <count> <ms>`, in one pipeline on one connection; too few acknowledgements are an
//! error, as if the key had not been told, so whoever told it will tell it again. Every invalidation then writes
//! something, even to an empty key (`SET`, `DEL`) or under a floor that is high enough (`SETRANGE` of one byte): otherwise
//! `WAIT` would have nothing to wait for, while the replica still lacks what made it unnecessary. What is acknowledged
//! then survives, if a replica that has it is the one that is promoted: with one replica per primary, always; with `n`, when
//! `count` is `n`, since fewer may miss the one that wins.
//!
//! It costs a round trip between primary and replica per invalidation, one connection more per node (`WAIT` holds
//! up what is behind it), and availability: while a primary has too few replicas, after a failover for
//! instance, no invalidation of its keys succeeds. Reads and fills never wait. A fill that is lost is loaded again.
//!
//! `tests/forms` shows all of this with real servers.

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
