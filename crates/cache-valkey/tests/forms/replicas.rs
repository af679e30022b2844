//! What a failover loses, and what waiting for replicas keeps. The server is a primary with one replica; between them stands
//! a link that can be cut, so that what is acknowledged and what is replicated can be told apart.

use std::time::Duration;

use bytes::Bytes;
use cache::contract::{NOW, fresh_key};
use cache::record::{Encoding, Kind, Record, Token, body_hash};
use cache::rule::{Verdict, judge};
use cache::{CacheStore, Fill, Invalidated, Invalidation, Key, StoreError, Version};
use cache_valkey::{Replicas, ValkeyConfig, ValkeyStore};
use tokio::time::Instant;

use crate::broken::begin;
use crate::servers::{Forwarder, Server, calls, until};

/// Version 1 is in the store and in the replica.
struct Pair {
    primary: Server,
    replica: Server,
    between: Forwarder,
    name: Forwarder,
    /// Does not wait for replicas.
    hasty: ValkeyStore,
    /// Waits for one.
    careful: ValkeyStore,
    key: Key,
}

const WITHIN: Duration = Duration::from_millis(300);

async fn pair() -> Pair {
    let (primary, replica) = (Server::start().await, Server::start().await);
    let between = Forwarder::to(primary.port).await;
    replica.follow(between.port).await;
    let name = Forwarder::to(primary.port).await;
    let store = |replicas| {
        let mut config = ValkeyConfig::from_url(&name.url()).unwrap();
        config.replicas = replicas;
        ValkeyStore::new(config).unwrap()
    };
    let (hasty, careful) = (store(None), store(Some(Replicas { count: 1, within: WITHIN })));
    let pair = Pair { primary, replica, between, name, hasty, careful, key: fresh_key() };
    pair.fill().await;
    pair
}

fn up_to(version: u64) -> Invalidation {
    Invalidation::UpTo(Version(version))
}

impl Pair {
    async fn fill(&self) {
        let begun = self.hasty.begin_fill(&self.key, &begin(1)).await.unwrap();
        let body = Bytes::from_static(b"of one");
        let fill = Fill {
            token: begun.head.token,
            kind: Kind::Live,
            encoding: Encoding::Identity,
            version: Version(1),
            body_hash: body_hash(&body),
            body,
            fresh_until: NOW + 60_000,
            ttl: Duration::from_secs(300),
        };
        self.hasty.fill(&self.key, &fill).await.unwrap();
        until("the replica has it", async || {
            let there: String = self.replica.ask(&format!("GETRANGE {} 96 -1", self.key)).await;
            there == "of one"
        })
        .await;
    }

    /// The primary dies, its replica takes over, and the name leads there.
    async fn fail_over(&mut self) {
        self.primary.kill();
        let _ok: String = self.replica.ask("REPLICAOF NO ONE").await;
        self.name.lead_to(self.replica.port);
        self.name.hang_up();
    }

    async fn verdict(&self) -> Option<Verdict> {
        let raw = self.hasty.read(&self.key).await.unwrap()?;
        Some(judge(&Record::decode(&raw).unwrap().head, Version::ZERO, NOW))
    }

    /// The replica finds its primary again.
    async fn mend(&self) {
        self.between.hang_up();
        until("an invalidation is acknowledged", async || {
            self.careful.invalidate(&self.key, &up_to(2)).await.is_ok()
        })
        .await;
    }
}

fn is_unreplicated(result: &Result<Invalidated, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unavailable(text)) if text.starts_with("0 of the 1"))
}

#[tokio::test]
async fn without_replicas_a_failover_loses_what_was_acknowledged() {
    let mut pair = pair().await;
    pair.between.silence();
    assert_eq!(pair.hasty.invalidate(&pair.key, &up_to(2)).await.unwrap(), Invalidated::Raised);
    assert_eq!(pair.verdict().await, Some(Verdict::Fenced));
    pair.fail_over().await;
    assert_eq!(pair.verdict().await, Some(Verdict::Hit), "the floor is gone, the old body answers");
}

#[tokio::test]
async fn what_would_be_lost_is_not_acknowledged() {
    let mut pair = pair().await;
    pair.between.silence();
    let told = pair.careful.invalidate(&pair.key, &up_to(2)).await;
    assert!(is_unreplicated(&told), "{told:?}");
    pair.fail_over().await;
    assert_eq!(pair.verdict().await, Some(Verdict::Hit), "nobody was told otherwise");
}

#[tokio::test]
async fn what_is_acknowledged_survives() {
    let mut pair = pair().await;
    assert_eq!(pair.careful.invalidate(&pair.key, &up_to(2)).await.unwrap(), Invalidated::Raised);
    pair.between.silence();
    pair.fail_over().await;
    assert_eq!(pair.verdict().await, Some(Verdict::Fenced));
}

#[tokio::test]
async fn a_repeat_is_acknowledged_only_when_the_first_was_replicated() {
    let mut pair = pair().await;
    pair.between.silence();
    assert_eq!(pair.hasty.invalidate(&pair.key, &up_to(2)).await.unwrap(), Invalidated::Raised);
    let repeated = pair.careful.invalidate(&pair.key, &up_to(2)).await;
    assert!(is_unreplicated(&repeated), "the floor is this high, but only here: {repeated:?}");
    pair.mend().await;
    pair.fail_over().await;
    assert_eq!(pair.verdict().await, Some(Verdict::Fenced));
}

#[tokio::test]
async fn an_empty_key_is_acknowledged_only_when_it_is_empty_in_the_replica() {
    let mut pair = pair().await;
    pair.between.silence();
    let evicted: u8 = pair.primary.ask(&format!("DEL {}", pair.key)).await;
    assert_eq!(evicted, 1);
    let told = pair.careful.invalidate(&pair.key, &up_to(2)).await;
    assert!(is_unreplicated(&told), "{told:?}");
    assert_eq!(pair.verdict().await, None, "what was written for the replica's sake is gone");
    pair.mend().await;
    pair.fail_over().await;
    assert_eq!(pair.verdict().await, None);
}

#[tokio::test]
async fn readers_do_not_wait_for_replicas() {
    let pair = pair().await;
    pair.between.silence();
    let change = up_to(2);
    let (told, slowest) = tokio::join!(pair.careful.invalidate(&pair.key, &change), async {
        let mut slowest = Duration::ZERO;
        until("the invalidation waits", async || {
            pair.primary.info("clients").await.contains("blocked_clients:1")
        })
        .await;
        for _ in 0..20 {
            let begun = Instant::now();
            pair.careful.read(&pair.key).await.unwrap();
            slowest = slowest.max(begun.elapsed());
        }
        slowest
    });
    assert!(is_unreplicated(&told), "{told:?}");
    assert!(slowest < WITHIN / 2, "{slowest:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_during_the_wait_costs_both_halves() {
    let pair = pair().await;
    pair.careful.invalidate(&fresh_key(), &up_to(2)).await.unwrap();
    let before = calls(&pair.primary, "evalsha").await;
    pair.between.silence();
    let change = up_to(2);
    let (told, ()) = tokio::join!(pair.careful.invalidate(&pair.key, &change), async {
        until("the invalidation waits", async || {
            pair.primary.info("clients").await.contains("blocked_clients:1")
        })
        .await;
        pair.primary.hang_up().await;
    });
    assert!(is_unreplicated(&told), "the second WAIT counts nothing the first connection wrote: {told:?}");
    assert_eq!(calls(&pair.primary, "evalsha").await - before, 2);
}

/// From Redis 7.2 on, `WAIT` after a script that wrote nothing has nothing to wait for.
#[tokio::test]
async fn an_invalidation_that_changes_nothing_is_replicated_all_the_same() {
    let pair = pair().await;
    pair.careful.invalidate(&pair.key, &up_to(2)).await.unwrap();
    let written = async || {
        let replica = &pair.replica;
        [calls(replica, "setrange").await, calls(replica, "set").await, calls(replica, "del").await]
    };
    let before = written().await;
    assert_eq!(pair.careful.invalidate(&pair.key, &up_to(2)).await.unwrap(), Invalidated::Unchanged);
    assert_eq!(written().await, [before[0] + 1, before[1], before[2]]);
    let forced = Invalidation::Forced { token: Token::from_bits(7), born: NOW };
    for empty in [up_to(2), forced] {
        let before = written().await;
        assert_eq!(pair.careful.invalidate(&fresh_key(), &empty).await.unwrap(), Invalidated::Empty);
        assert_eq!(written().await, [before[0], before[1] + 1, before[2] + 1]);
        assert_eq!(pair.hasty.invalidate(&fresh_key(), &empty).await.unwrap(), Invalidated::Empty);
    }
    assert_eq!(written().await[1], before[1] + 2, "without replicas, nothing is written");
}
