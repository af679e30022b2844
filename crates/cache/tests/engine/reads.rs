//! Hit, miss, load, fill, wait; a store that fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use cache::chaos::Mood;
use cache::contract::Control;
use cache::{
    BreakerConfig, Bypass, CacheStore, Clock, Content, FillOutcome, GetError, LoadError, Lookup, MissReason,
    Provenance, Storable, Version,
};
use tokio::sync::Semaphore;

use crate::world::{LIMIT, absent, found, is_hit, never_asked, refused, source_down, world};

#[tokio::test(start_paused = true)]
async fn a_miss_loads_once_and_then_hits() {
    let w = world();
    let first = w.get(|| found(7)).await;
    assert_eq!(first.provenance, Provenance::Loaded { miss: MissReason::Empty, fill: FillOutcome::Stored });
    assert_eq!(w.chaos.take_asked(), ["read", "begin_fill", "fill"]);
    let second = w.get(never_asked).await;
    assert!(is_hit(&second, 7));
    assert_eq!(w.chaos.take_asked(), ["read"], "a hit costs one round trip");
    assert_eq!((first.content, first.version), (second.content, second.version));
}

#[tokio::test(start_paused = true)]
async fn an_absent_item_is_cached_for_its_shorter_time() {
    let w = world();
    assert_eq!(w.get(absent).await.content, Content::Absent);
    assert_eq!(w.get(never_asked).await.content, Content::Absent);
    tokio::time::advance(w.policy.absent_for).await;
    assert!(matches!(
        w.get(|| found(1)).await.provenance,
        Provenance::Loaded { miss: MissReason::Expired, .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn an_absence_leaves_the_store_soon_however_long_bodies_may_stand_in() {
    let w = world();
    assert!(w.policy.stale_if_error > w.policy.absent_for * 10);
    w.get(absent).await;
    tokio::time::advance(w.policy.absent_for * 2 - Duration::from_millis(1)).await;
    assert!(w.memory.read(&w.key).await.unwrap().is_some(), "it may stand in for as long as it was fresh");
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(w.memory.read(&w.key).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_load_overtaken_by_an_invalidation_answers_its_caller_but_is_not_kept() {
    let w = world();
    let answer = w
        .get(|| async {
            w.raise(8).await;
            found(7).await
        })
        .await;
    assert!(refused(&answer, FillOutcome::RefusedFloor));
    assert_eq!(w.get(|| found(8)).await.version, Version(8), "the next reader asks the source");
}

#[tokio::test(start_paused = true)]
async fn a_load_overtaken_by_eviction_expiry_or_flush_is_not_kept() {
    for how in ["evict", "expire", "flush"] {
        let w = world();
        let answer = w
            .get(|| async {
                w.raise(8).await;
                match how {
                    "evict" => w.memory.evict(&w.key).await,
                    "expire" => w.memory.expire(&w.key).await,
                    _ => w.memory.flush().await,
                }
                found(7).await
            })
            .await;
        assert!(refused(&answer, FillOutcome::RefusedToken), "{how}");
        assert_eq!(w.get(|| found(8)).await.version, Version(8));
    }
}

#[tokio::test(start_paused = true)]
async fn an_absent_load_overtaken_by_a_create_is_not_kept() {
    let w = world();
    let answer = w
        .get(|| async {
            w.force().await;
            absent().await
        })
        .await;
    assert!(refused(&answer, FillOutcome::RefusedToken));
    assert_eq!(w.get(|| found(1)).await.version, Version(1));
}

#[tokio::test(start_paused = true)]
async fn a_process_frozen_during_its_load_cannot_fill_when_it_wakes() {
    let w = world();
    let answer = w
        .get(|| async {
            // While this load stands still the record is invalidated, lives out its time, and is filled anew.
            w.raise(8).await;
            w.memory.expire(&w.key).await;
            w.holding(9).await;
            found(7).await
        })
        .await;
    assert!(refused(&answer, FillOutcome::RefusedToken));
    assert!(is_hit(&w.get(never_asked).await, 9));
}

#[tokio::test(start_paused = true)]
async fn a_second_lease_holder_may_fill_and_the_older_body_does_not_replace_it() {
    let w = world();
    let answer = w
        .get(|| async {
            // Still within the load's time limit, the lease has run out.
            tokio::time::advance(w.policy.lease - Duration::from_millis(1)).await;
            tokio::time::advance(Duration::from_millis(1)).await;
            w.holding(8).await;
            found(7).await
        })
        .await;
    assert!(refused(&answer, FillOutcome::RefusedNewer));
    assert!(is_hit(&w.get(never_asked).await, 8));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_readers_of_a_cold_key_cost_one_load() {
    let w = Arc::new(world());
    let loads = Arc::new(AtomicUsize::new(0));
    let gate = Arc::new(Semaphore::new(0));
    let readers: Vec<_> = (0..1000)
        .map(|_| {
            let (w, loads, gate) = (w.clone(), loads.clone(), gate.clone());
            tokio::spawn(async move {
                w.get(|| async {
                    loads.fetch_add(1, Ordering::SeqCst);
                    let _pass = gate.acquire().await.unwrap();
                    found(7).await
                })
                .await
            })
        })
        .collect();
    // Long enough that every loser has looked at least once, well within the lease.
    tokio::time::advance(Duration::from_millis(500)).await;
    gate.add_permits(1000);
    for reader in readers {
        assert_eq!(reader.await.unwrap().version, Version(7));
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn waiting_readers_take_over_when_the_lease_runs_out() {
    let w = Arc::new(world());
    let (stuck, started) = (w.clone(), Arc::new(Semaphore::new(0)));
    let announce = started.clone();
    let holder = tokio::spawn(async move {
        stuck
            .cache
            .get_or_load(stuck.ask(), || async {
                announce.add_permits(1);
                std::future::pending().await
            })
            .await
    });
    let _began = started.acquire().await.unwrap();
    let before = w.clock.now();
    assert_eq!(w.get(|| found(7)).await.version, Version(7));
    let waited = Duration::from_millis(w.clock.now() - before);
    assert!(waited >= w.policy.lease && waited < w.policy.lease + w.policy.poll_max * 2, "{waited:?}");
    assert!(
        matches!(holder.await.unwrap(), Err(GetError::Load(LoadError::Unavailable(_)))),
        "its load timed out"
    );
}

#[tokio::test(start_paused = true)]
async fn readers_wait_no_longer_than_the_policy_says_and_then_load_themselves() {
    let mut w = world();
    w.policy.lease = Duration::from_secs(60);
    w.cache.get_or_load(w.ask(), source_down).await.unwrap_err();
    let before = w.clock.now();
    let answer = w.get(|| found(7)).await;
    assert_eq!(Duration::from_millis(w.clock.now() - before), w.policy.wait);
    assert_eq!(answer.storable(), Storable::Yes, "it fills with the token of the life it joined");
}

#[tokio::test(start_paused = true)]
async fn an_old_body_answers_the_others_while_one_refreshes_it() {
    let w = world();
    w.holding(7).await;
    tokio::time::advance(w.policy.fresh_for).await;
    let refreshed = w
        .get(|| async {
            let other = w.get(never_asked).await;
            assert_eq!((other.provenance, other.version), (Provenance::StaleWhileRevalidate, Version(7)));
            assert_eq!(other.storable(), Storable::Briefly);
            found(8).await
        })
        .await;
    assert_eq!(refreshed.version, Version(8));
    assert!(is_hit(&w.get(never_asked).await, 8));
}

#[tokio::test(start_paused = true)]
async fn a_fenced_body_is_not_served_while_it_is_replaced() {
    let w = Arc::new(world());
    w.holding(7).await;
    w.raise(8).await;
    let (go, began) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (holder_world, holder_go, holder_began) = (w.clone(), go.clone(), began.clone());
    let holder = tokio::spawn(async move {
        holder_world
            .get(|| async {
                holder_began.add_permits(1);
                let _pass = holder_go.acquire().await.unwrap();
                found(8).await
            })
            .await
    });
    let _began = began.acquire().await.unwrap();
    let elsewhere = w.elsewhere();
    let waiting = tokio::spawn(async move { elsewhere.get(never_asked).await });
    tokio::time::advance(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished(), "it waits rather than answer below the floor");
    go.add_permits(1);
    assert!(is_hit(&waiting.await.unwrap(), 8));
    assert_eq!(holder.await.unwrap().version, Version(8));
}

#[tokio::test(start_paused = true)]
async fn a_failed_source_is_covered_by_an_old_or_fenced_body_marked_and_not_kept() {
    let w = world();
    w.holding(7).await;
    w.raise(8).await;
    let answer = w.get(source_down).await;
    assert_eq!((answer.provenance, answer.version), (Provenance::StaleIfError { fenced: true }, Version(7)));
    assert_eq!(answer.storable(), Storable::No);

    let old = world();
    old.holding(7).await;
    tokio::time::advance(old.policy.fresh_for + old.policy.stale_while_revalidate).await;
    assert_eq!(old.get(source_down).await.provenance, Provenance::StaleIfError { fenced: false });
}

#[tokio::test(start_paused = true)]
async fn a_failed_source_is_not_covered_below_the_callers_minimum_nor_past_the_limit_nor_for_an_invalid_item()
{
    let w = world();
    w.holding(7).await;
    w.raise(8).await;
    let picky = Lookup { minimum: Version(8), ..w.ask() };
    assert!(matches!(
        w.cache.get_or_load(picky, source_down).await,
        Err(GetError::Load(LoadError::Unavailable(_)))
    ));

    let invalid = world();
    invalid.holding(7).await;
    invalid.raise(8).await;
    let load = || async { Err(LoadError::Invalid("price_cents".into())) };
    let result = invalid.cache.get_or_load(invalid.ask(), load).await;
    assert!(matches!(result, Err(GetError::Load(LoadError::Invalid(_)))));

    let mut late = world();
    late.policy.stale_if_error = Duration::from_secs(5);
    late.holding(7).await;
    tokio::time::advance(late.policy.fresh_for + Duration::from_secs(5)).await;
    assert!(matches!(late.cache.get_or_load(late.ask(), source_down).await, Err(GetError::Load(_))));
}

#[tokio::test(start_paused = true)]
async fn a_caller_never_gets_less_than_its_minimum() {
    let w = world();
    w.holding(7).await;
    let picky = Lookup { minimum: Version(8), ..w.ask() };
    let answer = w.cache.get_or_load(picky, || found(8)).await.unwrap();
    assert!(matches!(answer.provenance, Provenance::Loaded { miss: MissReason::BelowMinimum, .. }));
    assert!(is_hit(&w.get(never_asked).await, 8), "others profit");
    let pickier = Lookup { minimum: Version(9), ..w.ask() };
    let result = w.cache.get_or_load(pickier, || found(8)).await;
    assert!(matches!(result, Err(GetError::BelowMinimum { have: Version(8), minimum: Version(9) })));
}

#[tokio::test(start_paused = true)]
async fn a_reload_goes_to_the_source_and_refreshes_the_record() {
    let w = world();
    w.holding(7).await;
    let reload = Lookup { reload: true, ..w.ask() };
    let answer = w.cache.get_or_load(reload, || found(8)).await.unwrap();
    assert_eq!(
        answer.provenance,
        Provenance::Loaded { miss: MissReason::Requested, fill: FillOutcome::Stored }
    );
    assert!(is_hit(&w.get(never_asked).await, 8));
}

#[tokio::test(start_paused = true)]
async fn a_failing_or_stalled_store_never_fails_a_read() {
    for (mood, name) in [(Mood::Down, "unavailable"), (Mood::Stalled, "timeout"), (Mood::ReadOnly, "refused")]
    {
        let w = world();
        w.chaos.set(mood);
        let answer = w.get(|| found(7)).await;
        assert_eq!(answer.provenance, Provenance::Bypassed(Bypass::Failed(name)));
        assert_eq!(answer.storable(), Storable::Briefly);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_only_when_filled_costs_no_answer() {
    let w = world();
    let answer = w
        .get(|| async {
            w.chaos.set(Mood::Down);
            found(7).await
        })
        .await;
    assert_eq!((answer.version, answer.storable()), (Version(7), Storable::Briefly));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_keeps_failing_is_left_alone_and_tried_again_later() {
    let w = world();
    w.chaos.set(Mood::Stalled);
    for _ in 0..3 {
        w.get(|| found(7)).await;
    }
    assert_eq!(w.chaos.take_asked(), ["read", "read", "read"]);
    let before = w.clock.now();
    assert_eq!(w.get(|| found(7)).await.provenance, Provenance::Bypassed(Bypass::BreakerOpen));
    assert_eq!((w.chaos.take_asked(), w.clock.now()), (vec![], before), "it neither asks nor waits");
    w.chaos.set(Mood::Well);
    tokio::time::advance(BreakerConfig::default().open_for).await;
    assert_eq!(w.get(|| found(7)).await.storable(), Storable::Yes);
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_is_attempted_even_when_reads_leave_the_store_alone_and_its_failure_is_told() {
    let w = world();
    w.chaos.set(Mood::Down);
    for _ in 0..4 {
        w.get(|| found(7)).await;
    }
    w.chaos.take_asked();
    w.cache.raise_floor(&w.key, Version(8), LIMIT).await.unwrap_err();
    w.cache.drop_item(&w.key, LIMIT).await.unwrap_err();
    w.chaos.set(Mood::Stalled);
    w.cache.raise_floor(&w.key, Version(8), LIMIT).await.unwrap_err();
    assert_eq!(w.chaos.take_asked(), ["invalidate"; 3]);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_record_are_a_miss() {
    let w = world();
    w.memory.put_raw(&w.key, Bytes::from_static(b"not ours")).await;
    assert_eq!(w.get(|| found(7)).await.storable(), Storable::Yes);
    assert!(is_hit(&w.get(never_asked).await, 7));
}
