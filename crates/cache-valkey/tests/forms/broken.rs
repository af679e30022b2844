//! Connections that break: what they cost a request. All of it on one node; clusters have `failover`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use cache::contract::{NOW, fresh_key};
use cache::{BeginFill, CacheStore, Clock, Key, StoreError, Token, UnixMillis};
use cache_valkey::{Form, ValkeyConfig, ValkeyStore};
use futures::future::join_all;
use tokio::time::Instant;

use crate::contract::{CLUSTER, SERVER};
use crate::servers::{Forwarder, Server, TestCluster, calls};

/// A clock that stands still until it is moved.
#[derive(Default)]
pub struct HandClock(pub AtomicU64);

impl Clock for HandClock {
    fn now(&self) -> UnixMillis {
        NOW + self.0.load(Ordering::SeqCst)
    }
}

pub fn begin(token: u64) -> BeginFill {
    BeginFill {
        token: Token::from_bits(token),
        now: NOW,
        lease: Duration::from_secs(2),
        pending_ttl: Duration::from_secs(60),
        generational: false,
    }
}

/// How long a connection may leave requests unanswered.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(400);

/// A server behind a name that can lead elsewhere, and a store that knows only the name.
struct Named {
    server: Server,
    name: Forwarder,
    store: ValkeyStore,
    key: Key,
    clock: Arc<HandClock>,
}

async fn named() -> Named {
    let server = Server::start().await;
    let name = Forwarder::to(server.port).await;
    let clock = Arc::new(HandClock::default());
    let mut config = ValkeyConfig::from_url(&name.url()).unwrap();
    config.clock = clock.clone();
    config.response_timeout = RESPONSE_TIMEOUT;
    let store = ValkeyStore::new(config).unwrap();
    assert_eq!(name.accepted(), 0, "a store connects to nothing by itself");
    let named = Named { server, name, store, key: fresh_key(), clock };
    named.put(&named.server, "here").await;
    assert_eq!(named.read().await.unwrap().unwrap(), "here");
    assert_eq!(named.name.accepted(), 1);
    named
}

impl Named {
    async fn put(&self, server: &Server, value: &str) {
        let _ok: String = server.ask(&format!("SET {} {value}", self.key)).await;
    }

    async fn read(&self) -> Result<Option<Bytes>, StoreError> {
        self.store.read(&self.key).await
    }
}

#[tokio::test]
async fn a_connection_the_server_closed_while_idle_costs_one_retry() {
    let named = named().await;
    named.server.hang_up().await;
    assert_eq!(named.read().await.unwrap().unwrap(), "here");
    assert_eq!(calls(&named.server, "get").await, 2, "each read reached the server once");
    assert_eq!(named.name.accepted(), 2);
}

#[tokio::test]
async fn a_thousand_requests_on_a_closed_connection_make_one_new_one() {
    let named = named().await;
    named.server.hang_up().await;
    let all = join_all((0..1_000).map(|_| named.read())).await;
    assert!(all.into_iter().all(|read| read.unwrap().unwrap() == "here"));
    assert_eq!((named.name.accepted(), calls(&named.server, "get").await), (2, 1_001));
}

#[tokio::test]
async fn a_process_frozen_for_an_hour_makes_a_new_connection_at_once() {
    let named = named().await;
    named.clock.0.store(3_600_000, Ordering::SeqCst);
    assert_eq!(named.read().await.unwrap().unwrap(), "here");
    assert_eq!((named.name.accepted(), calls(&named.server, "get").await), (2, 2));
    named.server.hang_up().await;
    named.clock.0.store(7_200_000, Ordering::SeqCst);
    assert_eq!(named.read().await.unwrap().unwrap(), "here");
    assert_eq!((named.name.accepted(), calls(&named.server, "get").await), (3, 3));
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_followed() {
    let named = named().await;
    let other = Server::start().await;
    named.put(&other, "elsewhere").await;
    named.name.lead_to(other.port);
    assert_eq!(named.read().await.unwrap().unwrap(), "here", "an open connection stays where it is");
    named.name.hang_up();
    assert_eq!(named.read().await.unwrap().unwrap(), "elsewhere");
    named.name.lead_to(named.server.port);
    named.clock.0.store(600_001, Ordering::SeqCst);
    assert_eq!(named.read().await.unwrap().unwrap(), "here", "or until it is too old");
}

#[tokio::test]
async fn a_primary_that_became_a_replica_is_left_at_the_first_write_it_refuses() {
    let named = named().await;
    let promoted = Server::start().await;
    named.name.lead_to(promoted.port);
    named.server.follow(promoted.port).await;
    let begun = named.store.begin_fill(&named.key, &begin(1)).await.unwrap();
    assert!(begun.holds_lease);
    assert_eq!(named.name.accepted(), 2);
    let kept: u8 = promoted.ask(&format!("EXISTS {}", named.key)).await;
    assert_eq!(kept, 1, "it was written where it counts");
}

#[tokio::test]
async fn a_connection_that_answers_nothing_is_replaced_once_its_time_is_up() {
    let named = named().await;
    named.name.silence();
    let patience = RESPONSE_TIMEOUT * 2;
    assert!(tokio::time::timeout(patience, named.read()).await.is_err(), "no second attempt by itself");
    assert_eq!(named.name.accepted(), 1);
    assert_eq!(named.read().await.unwrap().unwrap(), "here");
    assert_eq!(named.name.accepted(), 2);
}

#[tokio::test]
async fn callers_that_give_up_early_still_have_a_silent_connection_replaced() {
    let named = named().await;
    named.name.silence();
    let begun = Instant::now();
    let mut impatient = 0;
    while named.name.accepted() == 1 {
        assert!(begun.elapsed() < Duration::from_secs(5));
        impatient += 1;
        let _elapsed = tokio::time::timeout(Duration::from_millis(60), named.read()).await;
    }
    assert!(impatient > 4, "not before its time is up: {impatient}");
    assert_eq!(named.read().await.unwrap().unwrap(), "here");
}

#[tokio::test]
async fn a_server_that_closes_every_connection_is_not_stormed() {
    let named = named().await;
    named.name.refuse(true);
    named.name.hang_up();
    let all = join_all((0..500).map(|_| named.read())).await;
    assert!(all.iter().all(|read| matches!(read, Err(StoreError::Unavailable(_)))));
    assert!(named.name.accepted() <= 12, "{} connections for 500 requests", named.name.accepted());
    named.name.refuse(false);
    assert_eq!(named.read().await.unwrap().unwrap(), "here");
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_and_its_return_is_noticed() {
    let mut named = named().await;
    named.server.kill();
    for _ in 0..50 {
        assert!(matches!(named.read().await, Err(StoreError::Unavailable(_))));
    }
    named.server.restart().await;
    crate::servers::until("the store has found it", async || named.read().await.is_ok()).await;
}

#[tokio::test]
async fn idle_connections_to_a_whole_cluster_cost_each_request_one_retry() {
    let cluster = TestCluster::start().await;
    let store = ValkeyStore::new(ValkeyConfig::from_url(&cluster.url()).unwrap()).unwrap();
    let keys: Vec<_> = (0..30).map(|_| fresh_key()).collect();
    let all_read = async || {
        let read = store.read_many(&keys).await;
        assert!(read.into_iter().all(|read| read.unwrap().is_none()));
        for key in &keys {
            store.read(key).await.unwrap();
        }
    };
    all_read().await;
    for node in &cluster.nodes {
        node.hang_up().await;
    }
    all_read().await;
    let mut reads = 0;
    for node in &cluster.nodes {
        reads += calls(node, "get").await;
    }
    assert_eq!(reads, 60, "each reached a server once");
}

#[tokio::test]
async fn a_shard_that_hangs_costs_only_its_own_keys() {
    let cluster = TestCluster::start().await;
    let mut config = ValkeyConfig::from_url(&cluster.url()).unwrap();
    config.response_timeout = Duration::from_millis(600);
    let store = ValkeyStore::new(config).unwrap();
    let keys: Vec<_> = (0..60).map(|_| fresh_key()).collect();
    let mut homes = Vec::new();
    for key in &keys {
        let slot = cluster.slot_of(key).await;
        homes.push(TestCluster::home(slot));
    }
    assert!(store.read_many(&keys).await.into_iter().all(|read| read.is_ok()));
    // Its replica too, or it would take over.
    let hanging = [&cluster.nodes[1], &cluster.nodes[4]];
    hanging.iter().for_each(|node| node.freeze());
    for _ in 0..2 {
        let read = store.read_many(&keys).await;
        for (home, read) in homes.iter().zip(read) {
            match home {
                1 => assert!(matches!(read, Err(StoreError::TimedOut))),
                _ => assert_eq!(read.unwrap(), None),
            }
        }
        let (elsewhere, _) = keys.iter().zip(&homes).find(|(_, home)| **home != 1).unwrap();
        let begun = Instant::now();
        store.read(elsewhere).await.unwrap();
        assert!(begun.elapsed() < Duration::from_millis(300), "{:?}: not held up", begun.elapsed());
    }
    hanging.iter().for_each(|node| node.thaw());
}

#[tokio::test]
async fn a_cluster_asked_as_a_node_says_what_is_wrong() {
    let cluster = CLUSTER.get(TestCluster::start).await;
    let mut config = ValkeyConfig::from_url(&cluster.nodes[0].url()).unwrap();
    let store = ValkeyStore::new(config.clone()).unwrap();
    let read = join_all((0..20).map(async |_| store.read(&fresh_key()).await)).await;
    let error = read.into_iter().find_map(Result::err).unwrap();
    assert!(matches!(&error, StoreError::Refused(text) if text.contains("form")), "{error}");
    config.form = Form::Cluster;
    let store = ValkeyStore::new(config).unwrap();
    for _ in 0..20 {
        store.read(&fresh_key()).await.unwrap();
    }
    let server = SERVER.get(Server::start).await;
    let mut config = ValkeyConfig::from_url(&server.url()).unwrap();
    config.form = Form::Cluster;
    let error = ValkeyStore::new(config).unwrap().read(&fresh_key()).await.unwrap_err().to_string();
    assert!(error.contains("cluster support disabled"), "{error}");
}
