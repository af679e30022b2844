//! The race each strategy is known by: a fill that is overtaken by a change.

use std::sync::Arc;

use fastrand::Rng;
use tokio::time::sleep;

use super::*;
use crate::clock::{Now, Tasks};
use crate::table::Table;
use crate::times::millis;
use crate::wire::Wire;

/// A table, and a wire on which every fill is late.
fn surroundings() -> (Arc<Table>, Wire, Now) {
    let now = Now::start();
    let table = Arc::new(Table::new(1, 0.0, now, Rng::with_seed(1)));
    (table, Wire::new(Rng::with_seed(2), 1.0, Tasks::default()), now)
}

fn rival(filling: Filling) -> (Arc<Table>, Box<dyn Origin>) {
    let (table, wire, now) = surroundings();
    let ttl = 2 * 3_600_000;
    let rival = CacheAside::new(1, (ttl, filling), table.clone(), wire, (now, Rng::with_seed(3)));
    (table, Box::new(rival))
}

/// A process loads, and freezes before its fill. Meanwhile the item is written and the cache told. Then the fill arrives.
/// Returns what a reader gets half an hour later.
async fn after_a_late_fill((table, origin): (Arc<Table>, Box<dyn Origin>)) -> u64 {
    assert_eq!(origin.read(0, 0).await.unwrap().version, 1);
    table.commit(0, 1_000);
    assert!(origin.invalidate(0, 2).await);
    sleep(millis(1_800_000)).await;
    origin.read(0, 0).await.unwrap().version
}

#[tokio::test(start_paused = true)]
async fn delete_and_set_keeps_what_was_loaded_before_the_delete() {
    assert_eq!(after_a_late_fill(rival(Filling::Set)).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_lease_refuses_what_was_loaded_before_the_delete() {
    assert_eq!(after_a_late_fill(rival(Filling::Lease)).await, 2);
}

#[tokio::test(start_paused = true)]
async fn the_engine_refuses_what_was_loaded_before_the_invalidation() {
    let (table, wire, _) = surroundings();
    let engine = super::Tidemark::new(1, 1, table.clone(), wire, Rng::with_seed(3)).unwrap();
    assert_eq!(after_a_late_fill((table, Box::new(engine))).await, 2);
}
