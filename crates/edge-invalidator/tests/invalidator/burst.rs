//! 10,000 changes over 2,000 products in bursts, while half of the invalidation calls are throttled.

use std::time::Duration;

use catalog::edge::{Ledger, Month};

use crate::world::World;

const PRODUCTS: u32 = 2_000;

/// Runs five changes of each product in bursts of 500; returns how many items were accepted.
async fn burst(products: u32, settings: &[(&str, &str)], complete_events: bool) -> u64 {
    let mut world = World::new(products, settings, complete_events, 7);
    world.bench.edge.throttles(0.5, 11);
    for id in 0..products {
        world.read(id);
    }
    let mut order: Vec<u32> = std::iter::repeat_n(0..products, 5).flatten().collect();
    fastrand::Rng::with_seed(13).shuffle(&mut order);
    for burst in order.chunks(500) {
        for id in burst {
            world.change(*id);
        }
        for _ in 0..3 {
            world.deliver().await;
            world.read_some(300);
            world.advance(Duration::from_secs(1));
        }
    }
    world.drain().await;
    assert_eq!(world.acknowledged, 5 * u64::from(products), "none is lost");
    assert_eq!(world.old_answers(), [0; 0], "none is left old at the edge");
    let month = Month::of(crate::support::START);
    world.bench.ledger.spent(&month).await.unwrap()
}

#[tokio::test]
async fn none_is_lost_and_a_fifth_of_the_items_does_that_one_path_per_event_would_take() {
    let items = burst(PRODUCTS, &[], true).await;
    assert!(items <= 10_000 / 5, "{items}");
}

#[tokio::test]
async fn events_that_do_not_say_what_only_their_publisher_knows_cost_more_and_lose_nothing_either() {
    burst(PRODUCTS, &[], false).await;
}

#[tokio::test]
async fn none_is_lost_in_any_mode_with_any_timing() {
    for mode in ["tag", "path"] {
        for timing in ["prompt", "double", "fenced"] {
            let settings = [("EDGE_INVALIDATION", mode), ("EDGE_PURGE", timing)];
            burst(PRODUCTS / 5, &settings, true).await;
        }
    }
}
