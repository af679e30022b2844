//! Refreshing before the end, and not waiting long for a source when something else could answer.

use std::sync::Arc;
use std::time::Duration;

use cache::chaos::Mood;
use cache::{
    Cache, CacheConfig, Clock, Entropy, FillOutcome, Lookup, MissReason, Policy, Provenance, Storable,
    Version,
};

use crate::local::SlowFirstRead;
use crate::world::{World, absent, found, is_hit, never_asked, source_down, world};

/// The last 20 s of 600 s, in which every reader would refresh: its chance is made certain by standing at the very end.
async fn near_the_end() -> World {
    let mut w = world();
    w.holding(7).await;
    w.policy.refresh_ahead = Duration::from_secs(20);
    tokio::time::advance(w.policy.fresh_for - Duration::from_millis(1)).await;
    w.chaos.take_asked();
    w
}

#[tokio::test(start_paused = true)]
async fn near_its_end_a_body_is_refreshed_by_one_reader_while_it_answers_the_others() {
    let w = near_the_end().await;
    let answer = w
        .get(|| async {
            assert!(is_hit(&w.elsewhere().get(never_asked).await, 7), "somebody refreshes it already");
            found(8).await
        })
        .await;
    assert_eq!(answer.provenance, Provenance::Loaded { miss: MissReason::Early, fill: FillOutcome::Stored });
    assert_eq!(answer.version, Version(8));
    assert_eq!(w.cache.counts().refreshed_early, 1);
    assert!(is_hit(&w.get(never_asked).await, 8));
}

#[tokio::test(start_paused = true)]
async fn far_from_its_end_nobody_refreshes() {
    let mut w = world();
    w.policy.refresh_ahead = Duration::from_secs(20);
    w.holding(7).await;
    tokio::time::advance(w.policy.fresh_for - Duration::from_secs(20)).await;
    for _ in 0..200 {
        assert!(is_hit(&w.get(never_asked).await, 7));
    }
}

#[tokio::test(start_paused = true)]
async fn an_absence_is_refreshed_early_in_the_second_half_of_its_own_shorter_life_only() {
    let mut w = world();
    w.policy.refresh_ahead = Duration::from_secs(60);
    w.get(absent).await;
    tokio::time::advance(w.policy.absent_for / 2).await;
    for _ in 0..200 {
        assert!(matches!(w.get(never_asked).await.provenance, Provenance::Hit(_)));
    }
    tokio::time::advance(w.policy.absent_for / 2 - Duration::from_millis(1)).await;
    assert!(matches!(w.get(absent).await.provenance, Provenance::Loaded { miss: MissReason::Early, .. }));
}

#[tokio::test(start_paused = true)]
async fn an_early_refresh_that_fails_or_is_slow_costs_nothing_but_a_little_time() {
    let w = near_the_end().await;
    assert!(is_hit(&w.get(source_down).await, 7));
    let w = near_the_end().await;
    // Still fresh when the soft limit is reached.
    let w = World { policy: cache::Policy { load_soft_timeout: Duration::ZERO, ..w.policy.clone() }, ..w };
    assert!(is_hit(&w.get(std::future::pending).await, 7));
    let w = near_the_end().await;
    w.chaos.set(Mood::ReadOnly);
    assert!(is_hit(&w.get(never_asked).await, 7), "a store that takes no announcement");
}

#[tokio::test(start_paused = true)]
async fn an_early_refresh_overtaken_by_an_invalidation_is_refused_as_any_other() {
    let w = near_the_end().await;
    let answer = w
        .get(|| async {
            w.raise(9).await;
            found(8).await
        })
        .await;
    assert_eq!(answer.storable(), Storable::No);
    assert_eq!(w.get(|| found(9)).await.version, Version(9));
}

#[tokio::test(start_paused = true)]
async fn a_slow_source_is_given_less_time_when_an_old_body_that_is_not_fenced_could_answer() {
    let w = world();
    w.holding(7).await;
    tokio::time::advance(w.policy.fresh_for).await;
    let before = w.clock.now();
    let answer = w.get(std::future::pending).await;
    assert_eq!((answer.version, answer.provenance), (Version(7), Provenance::StaleIfError { fenced: false }));
    assert_eq!(Duration::from_millis(w.clock.now() - before), w.policy.load_soft_timeout);

    let fenced = world();
    fenced.holding(7).await;
    fenced.raise(8).await;
    let before = fenced.clock.now();
    let answer = fenced.get(std::future::pending).await;
    assert_eq!(answer.provenance, Provenance::StaleIfError { fenced: true });
    assert_eq!(
        Duration::from_millis(fenced.clock.now() - before),
        fenced.policy.load_timeout,
        "the hard limit"
    );
}

#[tokio::test(start_paused = true)]
async fn a_fill_is_given_less_time_than_a_look() {
    let w = world();
    let before = w.clock.now();
    let answer = w
        .get(|| async {
            w.chaos.set(Mood::Stalled);
            found(7).await
        })
        .await;
    assert_eq!((answer.version, answer.storable()), (Version(7), Storable::Briefly));
    assert_eq!(Duration::from_millis(w.clock.now() - before), w.policy.store_soft_timeout);
    let before = w.clock.now();
    w.get(|| found(7)).await;
    assert_eq!(Duration::from_millis(w.clock.now() - before), w.policy.store_timeout);
}

/// The look shows a hit near its end; before the refresh is announced, another process is told of a change and loads it.
#[tokio::test(start_paused = true)]
async fn a_hit_that_was_fenced_before_its_refresh_was_announced_is_no_hit_any_more() {
    let w = near_the_end().await;
    let slow = SlowFirstRead::over(w.memory.clone());
    let policy = Policy { store_timeout: Duration::from_secs(5), ..w.policy.clone() };
    let clock = Arc::new(w.clock);
    let cache = Cache::new(slow.clone(), clock, Entropy::from_seed(3), CacheConfig::default());
    let key = w.key.clone();
    let reader =
        tokio::spawn(async move { cache.get_or_load(Lookup::of(&key, &policy), never_asked).await.unwrap() });
    slow.read.acquire().await.unwrap().forget();
    w.raise(8).await;
    let load = || async {
        slow.go.add_permits(1);
        // Long enough for the reader to announce its refresh, and to find the lease taken.
        tokio::time::sleep(Duration::from_millis(100)).await;
        found(8).await
    };
    assert_eq!(w.get(load).await.version, Version(8));
    assert!(is_hit(&reader.await.unwrap(), 8));
}
