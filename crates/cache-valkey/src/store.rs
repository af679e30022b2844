//! The four operations on a connection.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cache::record::HEAD_LEN;
use cache::{
    BeginFill, Begun, CacheStore, Fill, FillOutcome, Head, Invalidated, Invalidation, Key, Kind, StoreError,
};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Cmd, FromRedisValue, RedisResult, ScriptInvocation};

use crate::config::ValkeyConfig;
use crate::error::{is_broken_connection, store_error};
use crate::scripts::{Scripts, begun, fill_outcome, invalidated};

/// A store on one Valkey or Redis node.
pub struct ValkeyStore {
    connection: ConnectionManager,
    scripts: Scripts,
}

impl ValkeyStore {
    /// A store that connects at its first command. Must be called within a Tokio runtime.
    pub fn new(config: ValkeyConfig) -> Result<Self, StoreError> {
        let manager = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(config.connect_timeout))
            .set_response_timeout(Some(config.response_timeout))
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(10));
        let connection =
            ConnectionManager::new_lazy_with_config(config.client, manager).map_err(store_error)?;
        Ok(ValkeyStore { connection, scripts: Scripts::new() })
    }

    /// Runs a script, and once more if the connection turns out to be broken: one that was closed while the process
    /// was idle or frozen shows only when it is used. Every operation may be repeated.
    async fn run<T: FromRedisValue>(&self, invocation: ScriptInvocation<'_>) -> Result<T, StoreError> {
        let first: RedisResult<T> = invocation.invoke_async(&mut self.connection.clone()).await;
        let answer = match first {
            Err(error) if is_broken_connection(&error) => {
                invocation.invoke_async(&mut self.connection.clone()).await
            }
            answer => answer,
        };
        answer.map_err(store_error)
    }

    /// As [`run`](Self::run), for a plain command.
    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let first: RedisResult<T> = command.query_async(&mut self.connection.clone()).await;
        let answer = match first {
            Err(error) if is_broken_connection(&error) => {
                command.query_async(&mut self.connection.clone()).await
            }
            answer => answer,
        };
        answer.map_err(store_error)
    }
}

#[async_trait]
impl CacheStore for ValkeyStore {
    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.ask(redis::cmd("GET").arg(key.as_str())).await
    }

    async fn read_head(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        let mut get_range = redis::cmd("GETRANGE");
        get_range.arg(key.as_str()).arg(0).arg(HEAD_LEN - 1);
        let head: Bytes = self.ask(&get_range).await?;
        Ok(Some(head).filter(|head| !head.is_empty()))
    }

    async fn read_many(&self, keys: &[Key]) -> Vec<Result<Option<Bytes>, StoreError>> {
        if keys.is_empty() {
            return Vec::new();
        }
        let mut get_all = redis::cmd("MGET");
        keys.iter().for_each(|key| {
            get_all.arg(key.as_str());
        });
        match self.ask::<Vec<Option<Bytes>>>(&get_all).await {
            Ok(raws) if raws.len() == keys.len() => raws.into_iter().map(Ok).collect(),
            Ok(raws) => {
                let error =
                    StoreError::Refused(format!("MGET of {} keys answered {}", keys.len(), raws.len()));
                keys.iter().map(|_| Err(error.clone())).collect()
            }
            Err(error) => keys.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn begin_fill(&self, key: &Key, begin: &BeginFill) -> Result<Begun, StoreError> {
        let deadline = begin.now.saturating_add(as_millis(begin.lease));
        let pending = Head::pending(begin.token, begin.now, deadline);
        let mut invocation = self.scripts.begin_fill.key(key.as_str());
        invocation
            .arg(format!("{:013}", begin.now))
            .arg(format!("{deadline:013}"))
            .arg(&pending.encode()[..])
            .arg(as_millis(begin.pending_ttl))
            .arg(u8::from(begin.generational));
        begun(self.run(invocation).await?)
    }

    async fn fill(&self, key: &Key, fill: &Fill) -> Result<FillOutcome, StoreError> {
        if fill.kind == Kind::Pending {
            return Err(StoreError::Refused("a fill is never pending".into()));
        }
        let mut invocation = self.scripts.fill.key(key.as_str());
        invocation
            .arg(fill.token.as_bytes())
            .arg(&[fill.kind.letter(), fill.encoding.letter()])
            .arg(format!("{:020}", fill.version.0))
            .arg(format!("{:013}", fill.fresh_until))
            .arg(format!("{:08x}", fill.body_hash))
            .arg(as_millis(fill.ttl))
            .arg(&fill.body[..]);
        fill_outcome(self.run(invocation).await?)
    }

    async fn invalidate(&self, key: &Key, invalidation: &Invalidation) -> Result<Invalidated, StoreError> {
        let invocation = match *invalidation {
            Invalidation::UpTo(version) => {
                let mut raise = self.scripts.raise_floor.key(key.as_str());
                raise.arg(format!("{:020}", version.0));
                raise
            }
            Invalidation::Forced { token, born } => {
                let mut drop = self.scripts.drop.key(key.as_str());
                drop.arg(&Head::pending(token, born, 0).encode()[..]);
                drop
            }
        };
        invalidated(self.run(invocation).await?)
    }
}

fn as_millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
