//! The operations, on whatever form the servers have.

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cache::record::HEAD_LEN;
use cache::{
    BeginFill, Begun, CacheStore, Fill, FillOutcome, Head, Invalidated, Invalidation, Key, Kind, StoreError,
    UnixMillis,
};
use futures::future::join_all;
use redis::FromRedisValue;
use tokio::time::timeout;

use crate::cluster::{Cluster, slot_of};
use crate::config::{Address, ConfigError, Form, Replicas, ValkeyConfig};
use crate::connection::Connector;
use crate::node::Node;
use crate::request::{Request, read};
use crate::scripts::{Scripts, begun, fill_outcome, invalidated};

/// The latest moment the 13 digits of a head can hold; one more digit would shift what follows.
const LATEST: UnixMillis = 9_999_999_999_999;

/// Where a head ends in a `GETRANGE`, its last byte included.
const HEAD_END: &[u8] = b"95";
const _: () = assert!(HEAD_LEN == 96);

/// A store on Valkey or Redis, one node or a cluster.
pub struct ValkeyStore {
    servers: Servers,
    scripts: Scripts,
    replicas: Option<Replicas>,
    limit: Duration,
}

enum Servers {
    Node(Box<Node>),
    Cluster(Arc<Cluster>),
}

impl ValkeyStore {
    /// A store that connects at its first operation, which must run within a Tokio runtime. The error says which parts
    /// of the configuration do not go together.
    pub fn new(config: ValkeyConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let connector = Arc::new(Connector::new(&config));
        let servers = match (config.form, &config.servers[..]) {
            (Form::Node, [address]) => {
                Servers::Node(Box::new(Node::new(&connector, Address::clone(address))))
            }
            (_, seeds) => Servers::Cluster(Arc::new(Cluster::new(connector, seeds.to_vec()))),
        };
        let (replicas, limit) = (config.replicas, config.response_timeout);
        Ok(ValkeyStore { servers, scripts: Scripts::new(), replicas, limit })
    }

    /// Without a time limit, like every operation: a second one beneath the caller's would cost a hit a timer more.
    async fn ask<T: FromRedisValue>(&self, request: Request<'_>) -> Result<T, StoreError> {
        let answer = match &self.servers {
            Servers::Node(node) => node.request(&request).await,
            Servers::Cluster(cluster) => cluster.request(&request).await,
        };
        Ok(answer.and_then(read)?)
    }

    /// The bytes under keys of one slot. What the caller reads elsewhere at the same time does not wait for a node that hangs.
    async fn read_together(&self, keys: &[&Key]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        let words: Vec<&[u8]> =
            iter::once(&b"MGET"[..]).chain(keys.iter().map(|key| key.as_str().as_bytes())).collect();
        let asked = self.ask(Request::command(first.as_str(), &words));
        let raws: Vec<Option<Bytes>> =
            timeout(self.limit, asked).await.unwrap_or(Err(StoreError::TimedOut))?;
        if raws.len() == keys.len() {
            Ok(raws)
        } else {
            Err(StoreError::Refused(format!("MGET of {} keys answered {}", keys.len(), raws.len())))
        }
    }

    /// Places of keys that can be read together.
    fn groups(&self, keys: &[Key]) -> Vec<Vec<usize>> {
        match self.servers {
            Servers::Node(_) => vec![(0..keys.len()).collect()],
            Servers::Cluster(_) => {
                let mut places: Vec<_> = (0..keys.len()).collect();
                let slot = |place: &usize| keys.get(*place).map(|key| slot_of(key.as_str()));
                places.sort_by_key(slot);
                places.chunk_by(|one, other| slot(one) == slot(other)).map(<[usize]>::to_vec).collect()
            }
        }
    }
}

#[async_trait]
impl CacheStore for ValkeyStore {
    async fn read(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.ask(Request::command(key.as_str(), &[b"GET", key.as_str().as_bytes()])).await
    }

    async fn read_head(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        let words = [b"GETRANGE", key.as_str().as_bytes(), b"0", HEAD_END];
        let head: Bytes = self.ask(Request::command(key.as_str(), &words)).await?;
        Ok(Some(head).filter(|head| !head.is_empty()))
    }

    async fn read_many(&self, keys: &[Key]) -> Vec<Result<Option<Bytes>, StoreError>> {
        let missing = || Err(StoreError::Refused("the key was not asked for".to_owned()));
        let mut all: Vec<_> = keys.iter().map(|_| missing()).collect();
        let read = self.groups(keys).into_iter().map(|places| async move {
            let group: Vec<&Key> = places.iter().filter_map(|place| keys.get(*place)).collect();
            let raws: Vec<_> = match self.read_together(&group).await {
                Ok(raws) => raws.into_iter().map(Ok).collect(),
                Err(error) => group.iter().map(|_| Err(error.clone())).collect(),
            };
            places.into_iter().zip(raws)
        });
        for (place, raw) in join_all(read).await.into_iter().flatten() {
            if let Some(slot) = all.get_mut(place) {
                *slot = raw;
            }
        }
        all
    }

    async fn begin_fill(&self, key: &Key, begin: &BeginFill) -> Result<Begun, StoreError> {
        let deadline = begin.now.saturating_add(as_millis(begin.lease)).min(LATEST);
        let pending = Head::pending(begin.token, begin.now, deadline);
        let arguments = vec![
            format!("{:013}", begin.now.min(LATEST)).into_bytes(),
            format!("{deadline:013}").into_bytes(),
            pending.encode().to_vec(),
            as_millis(begin.pending_ttl).max(1).to_string().into_bytes(),
            flag(begin.generational),
        ];
        let mut repeat = arguments.clone();
        if let Some(head) = repeat.get_mut(2).filter(|_| !begin.generational) {
            *head = Head::pending(begin.token.for_repeat(), begin.now, deadline).encode().to_vec();
        }
        let request = Request::script(key.as_str(), &self.scripts.begin_fill, arguments);
        begun(self.ask(Request { repeat: Some(repeat), ..request }).await?)
    }

    async fn fill(&self, key: &Key, fill: &Fill) -> Result<FillOutcome, StoreError> {
        if fill.kind == Kind::Pending {
            return Err(StoreError::Refused("a fill is never pending".into()));
        }
        let arguments = vec![
            fill.token.as_bytes().to_vec(),
            vec![fill.kind.letter(), fill.encoding.letter()],
            format!("{:020}", fill.version.0).into_bytes(),
            format!("{:013}", fill.fresh_until.min(LATEST)).into_bytes(),
            format!("{:08x}", fill.body_hash).into_bytes(),
            as_millis(fill.ttl).max(1).to_string().into_bytes(),
            fill.body.to_vec(),
        ];
        fill_outcome(self.ask(Request::script(key.as_str(), &self.scripts.fill, arguments)).await?)
    }

    async fn invalidate(&self, key: &Key, invalidation: &Invalidation) -> Result<Invalidated, StoreError> {
        let in_any_case = flag(self.replicas.is_some());
        let (script, first, second) = match *invalidation {
            Invalidation::UpTo(version) => {
                let version = format!("{:020}", version.0).into_bytes();
                (&self.scripts.raise_floor, version.clone(), version)
            }
            Invalidation::Forced { token, born } => {
                let head = |token| Head::pending(token, born, 0).encode().to_vec();
                (&self.scripts.drop, head(token), head(token.for_repeat()))
            }
        };
        let request = Request::script(key.as_str(), script, vec![first, in_any_case.clone()]);
        let repeat = Some(vec![second, in_any_case]);
        invalidated(self.ask(Request { replicas: self.replicas, repeat, ..request }).await?)
    }
}

fn flag(set: bool) -> Vec<u8> {
    vec![if set { b'1' } else { b'0' }]
}

fn as_millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
