//! The rivals: look aside, load, set. Invalidation deletes.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cache::Storable;
use fastrand::Rng;
use tokio::time::sleep;

use super::{Origin, Served};
use crate::clock::{Now, lock};
use crate::table::{Consistency, Table};
use crate::times::millis;
use crate::wire::Wire;
use crate::workload::Millis;

/// How long a memcache lease keeps others from loading (10 s in the paper that brought it up).
const LEASE: Millis = 10_000;
/// How long those wait between two looks, and how often they look.
const RETRY: (Millis, u32) = (50, 36);

/// The share by which a TTL is randomly shortened, as the engine's is: the edge would fall into step with one that is as long
/// as its own.
pub(crate) const JITTER: f64 = 0.1;

/// When a fill is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filling {
    /// Always: SET.
    Set,
    /// While the lease that the miss was given is still good: a delete, or the end of the cache, ends it.
    Lease,
}

/// A plain cache in front of the table.
pub(crate) struct CacheAside {
    slots: Arc<Mutex<Vec<Slot>>>,
    ttl: Millis,
    filling: Filling,
    table: Arc<Table>,
    wire: Wire,
    now: Now,
    rng: Mutex<Rng>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The version and until when it lives.
    value: Option<(u64, Millis)>,
    /// The number of the lease and until when it keeps others away.
    lease: Option<(u64, Millis)>,
    /// Leases given so far.
    given: u64,
}

/// What a look finds.
enum Found {
    Value(u64),
    /// It is this caller's turn to load; with a lease, if there are leases.
    Turn(Option<u64>),
    /// Somebody else loads.
    Wait,
}

impl CacheAside {
    pub(crate) fn new(
        items: usize,
        (ttl, filling): (Millis, Filling),
        table: Arc<Table>,
        wire: Wire,
        (now, rng): (Now, Rng),
    ) -> Self {
        let slots = Arc::new(Mutex::new(vec![Slot::default(); items]));
        CacheAside { slots, ttl, filling, table, wire, now, rng: Mutex::new(rng) }
    }

    fn look(&self, item: usize) -> Found {
        let now = self.now.millis();
        let slot = &mut lock(&self.slots)[item];
        match (slot.value, slot.lease, self.filling) {
            (Some((version, until)), _, _) if now < until => Found::Value(version),
            (_, _, Filling::Set) => Found::Turn(None),
            (_, Some((_, until)), Filling::Lease) if now < until => Found::Wait,
            (_, _, Filling::Lease) => {
                slot.given += 1;
                slot.lease = Some((slot.given, now + LEASE));
                Found::Turn(Some(slot.given))
            }
        }
    }

    async fn fill(&self, item: usize, version: u64, lease: Option<u64>) {
        let (slots, now) = (self.slots.clone(), self.now);
        let shorter = lock(&self.rng).f64() * JITTER;
        let ttl = (self.ttl as f64 * (1.0 - shorter)) as Millis;
        let set = async move {
            let slot = &mut lock(&slots)[item];
            if lease.is_none() || slot.lease.map(|(number, _)| number) == lease {
                slot.value = Some((version, now.millis() + ttl));
                slot.lease = None;
            }
        };
        // A fill that takes too long is nothing its caller waits for.
        let _ = self.wire.fill(set).await;
    }

    async fn load(&self, item: usize) -> u64 {
        self.table.load(item, Consistency::Eventual).await
    }
}

#[async_trait]
impl Origin for CacheAside {
    async fn read(&self, item: usize, _process: usize) -> Option<Served> {
        let served = |version, hit| Some(Served { version, storable: Storable::Yes, hit });
        for _ in 0..RETRY.1 {
            match self.wire.operation(async { self.look(item) }).await {
                Found::Value(version) => return served(version, true),
                Found::Turn(lease) => {
                    let version = self.load(item).await;
                    self.fill(item, version, lease).await;
                    return served(version, false);
                }
                Found::Wait => sleep(millis(RETRY.0)).await,
            }
        }
        served(self.load(item).await, false)
    }

    async fn invalidate(&self, item: usize, _version: u64) -> bool {
        let delete = async {
            let slot = &mut lock(&self.slots)[item];
            (slot.value, slot.lease) = (None, None);
        };
        self.wire.operation(delete).await;
        true
    }

    async fn restart(&self) {
        for slot in lock(&self.slots).iter_mut() {
            // Numbers of leases go on: two lives of a cache do not give the same ones.
            *slot = Slot { given: slot.given, ..Slot::default() };
        }
    }
}
