//! A cluster whose slots move and whose primaries die while it is read and told of changes: no answer is ever below what
//! was acknowledged before it was asked for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use cache::contract::fresh_key;
use cache::{
    Cache, CacheConfig, Content, Entropy, Key, Loaded, Lookup, Policy, Provenance, SystemClock, Version,
};
use cache_valkey::{Replicas, ValkeyConfig, ValkeyStore};
use tokio::task::JoinSet;

use crate::servers::{TestCluster, until};

const ITEMS: usize = 12;
const READERS: usize = 6;

/// An item at the source, and what the cache has acknowledged of it.
struct Item {
    key: Key,
    version: AtomicU64,
    acknowledged: AtomicU64,
}

/// Readers and writers of two processes.
struct Traffic {
    items: Vec<Item>,
    caches: [Cache; 2],
    policy: Policy,
    patience: Duration,
    over: AtomicBool,
    reads: AtomicU64,
    hits: AtomicU64,
    failed_reads: AtomicU64,
    failed_invalidations: AtomicU64,
}

impl Traffic {
    /// `patience` is the time-out of store and engine.
    async fn on(cluster: &TestCluster, replicas: Option<Replicas>, patience: Duration) -> Arc<Traffic> {
        let cache = || {
            let mut config = ValkeyConfig::from_url(&cluster.url()).unwrap();
            config.replicas = replicas;
            config.response_timeout = patience;
            let store = Arc::new(ValkeyStore::new(config).unwrap());
            Cache::new(store, Arc::new(SystemClock), Entropy::from_os(), CacheConfig::default())
        };
        // Each in a slot of its own.
        let mut keys = BTreeMap::new();
        while keys.len() < ITEMS {
            let key = fresh_key();
            keys.insert(cluster.slot_of(&key).await, key);
        }
        let item = |key| Item { key, version: AtomicU64::new(1), acknowledged: AtomicU64::default() };
        Arc::new(Traffic {
            items: keys.into_values().map(item).collect(),
            caches: [cache(), cache()],
            policy: Policy { store_timeout: patience, store_soft_timeout: patience, ..Policy::default() },
            patience,
            over: AtomicBool::default(),
            reads: AtomicU64::default(),
            hits: AtomicU64::default(),
            failed_reads: AtomicU64::default(),
            failed_invalidations: AtomicU64::default(),
        })
    }

    fn start(self: &Arc<Self>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for place in 0..ITEMS {
            let traffic = self.clone();
            tasks.spawn(async move { traffic.write(&traffic.items[place]).await });
        }
        for reader in 0..READERS {
            let traffic = self.clone();
            tasks.spawn(async move {
                let mut pace = tokio::time::interval(Duration::from_millis(1));
                while !traffic.over.load(SeqCst) {
                    pace.tick().await;
                    traffic.read(reader % 2, &traffic.items[fastrand::usize(..ITEMS)]).await;
                }
            });
        }
        tasks
    }

    /// One change after the other, each told until it is acknowledged.
    async fn write(&self, item: &Item) {
        let mut pace = tokio::time::interval(Duration::from_millis(5));
        while !self.over.load(SeqCst) {
            pace.tick().await;
            let version = item.version.fetch_add(1, SeqCst) + 1;
            while !self.over.load(SeqCst) {
                let told = self.caches[0].raise_floor(&item.key, Version(version), self.patience);
                if told.await.is_ok() {
                    item.acknowledged.store(version, SeqCst);
                    break;
                }
                self.failed_invalidations.fetch_add(1, SeqCst);
                pace.tick().await;
            }
        }
    }

    async fn read(&self, process: usize, item: &Item) {
        let floor = item.acknowledged.load(SeqCst);
        let answer = self.caches[process].get_or_load(Lookup::of(&item.key, &self.policy), || async {
            let version = item.version.load(SeqCst);
            Ok(Loaded::Found { version: Version(version), body: body(version) })
        });
        let answer = answer.await.unwrap();
        assert!(answer.version.0 >= floor, "{} answered {}, told of {floor}", item.key, answer.version);
        assert!(matches!(answer.content, Content::Live { body: b, .. } if b == body(answer.version.0)));
        self.reads.fetch_add(1, SeqCst);
        match answer.provenance {
            Provenance::Hit(_) | Provenance::LocalHit { .. } => self.hits.fetch_add(1, SeqCst),
            Provenance::Bypassed(_) => self.failed_reads.fetch_add(1, SeqCst),
            _ => 0,
        };
    }

    /// Every item has a change acknowledged that is made from now on.
    async fn until_all_are_told_anew(&self) {
        let before: Vec<_> = self.items.iter().map(|item| item.version.load(SeqCst)).collect();
        until("every item's next change is acknowledged", async || {
            self.items.iter().zip(&before).all(|(item, before)| item.acknowledged.load(SeqCst) > *before)
        })
        .await;
    }

    async fn end(&self, tasks: JoinSet<()>) {
        self.over.store(true, SeqCst);
        tasks.join_all().await;
        for item in &self.items {
            for process in 0..2 {
                self.read(process, item).await;
            }
        }
        println!(
            "{} reads, {} hits, {} past the store; {} changes, {} invalidations failed",
            self.reads.load(SeqCst),
            self.hits.load(SeqCst),
            self.failed_reads.load(SeqCst),
            self.items.iter().map(|item| item.version.load(SeqCst)).sum::<u64>(),
            self.failed_invalidations.load(SeqCst),
        );
    }
}

/// So long that some pass through the process's memory.
fn body(version: u64) -> Bytes {
    let length = if version.is_multiple_of(2) { 100 } else { 5_000 };
    Bytes::from(format!("{version:0length$}"))
}

/// Moves a slot with all its keys, as `redis-cli --cluster reshard` does.
async fn move_slot(cluster: &TestCluster, slot: u16, from: usize, to: usize) {
    let (source, target) = (&cluster.nodes[from], &cluster.nodes[to]);
    let (from_id, to_id) = (&cluster.ids[from], &cluster.ids[to]);
    let _ok: String = target.ask(&format!("CLUSTER SETSLOT {slot} IMPORTING {from_id}")).await;
    let _ok: String = source.ask(&format!("CLUSTER SETSLOT {slot} MIGRATING {to_id}")).await;
    loop {
        let keys: Vec<String> = source.ask(&format!("CLUSTER GETKEYSINSLOT {slot} 10")).await;
        if keys.is_empty() {
            break;
        }
        let mut migrate = redis::cmd("MIGRATE");
        migrate.arg("127.0.0.1").arg(target.port).arg("").arg(0).arg(2_000).arg("KEYS").arg(keys);
        let _ok: String = source.try_ask(&migrate).await.unwrap();
    }
    for node in [target, source, &cluster.nodes[3 - from - to]] {
        let _ok: String = node.ask(&format!("CLUSTER SETSLOT {slot} NODE {to_id}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_move_and_no_answer_is_below_its_floor() {
    let cluster = TestCluster::start().await;
    let traffic = Traffic::on(&cluster, None, Duration::from_secs(10)).await;
    let tasks = traffic.start();
    traffic.until_all_are_told_anew().await;
    for round in 1..=4 {
        for item in &traffic.items {
            let slot = cluster.slot_of(&item.key).await;
            let home = TestCluster::home(slot);
            move_slot(&cluster, slot, (home + round - 1) % 3, (home + round) % 3).await;
        }
        traffic.until_all_are_told_anew().await;
    }
    traffic.end(tasks).await;
    assert!(traffic.hits.load(SeqCst) > 100, "{}", traffic.hits.load(SeqCst));
    assert_eq!(traffic.failed_invalidations.load(SeqCst), 0, "one retry is enough for a slot that moves");
    assert_eq!(traffic.failed_reads.load(SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn primaries_die_and_no_answer_is_below_its_floor() {
    let mut cluster = TestCluster::start().await;
    let replicas = Some(Replicas { count: 1, within: Duration::from_millis(200) });
    let traffic = Traffic::on(&cluster, replicas, Duration::from_millis(900)).await;
    let tasks = traffic.start();
    traffic.until_all_are_told_anew().await;
    // The first of them, then the one that took its place.
    for (dying, heir) in [(0, 3), (3, 0)] {
        cluster.nodes[dying].kill();
        until("the replica has taken over", async || {
            cluster.nodes[heir].info("replication").await.contains("role:master")
        })
        .await;
        cluster.nodes[dying].restart().await;
        until("the dead one is back as a replica", async || {
            cluster.nodes[dying].info("replication").await.contains("master_link_status:up")
        })
        .await;
        traffic.until_all_are_told_anew().await;
        let before = traffic.hits.load(SeqCst);
        until("the store answers reads again", async || traffic.hits.load(SeqCst) > before + 100).await;
    }
    traffic.end(tasks).await;
    assert!(traffic.failed_invalidations.load(SeqCst) > 0, "they were noticed");
}
