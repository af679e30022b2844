//! A row the source has, and that is no item.

use cache::{Clock, FillOutcome, GetError, LoadError, Loaded, Lookup, MissReason, Provenance};

use crate::world::{World, found, refused, world};

async fn no_item() -> Result<Loaded, LoadError> {
    Err(LoadError::Invalid("price_cents".into()))
}

async fn meet(w: &World) {
    let result = w.cache.get_or_load(w.ask(), no_item).await;
    assert!(matches!(result, Err(GetError::Load(LoadError::Invalid(_)))), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_load_that_found_no_item() {
    let w = world();
    let began = w.clock.now();
    meet(&w).await;
    meet(&w.elsewhere()).await;
    let mended = w.elsewhere().get(|| found(8)).await;
    let stored = Provenance::Loaded { miss: MissReason::Empty, fill: FillOutcome::Stored };
    assert_eq!(mended.provenance, stored);
    assert_eq!(w.clock.now(), began, "and nobody did");
}

#[tokio::test(start_paused = true)]
async fn several_at_once_give_their_leases_back_as_well() {
    let w = world();
    let keys = [w.key.clone()];
    let load = async |_| vec![no_item().await];
    assert!(w.cache.get_many(&w.policy, &keys, load).await[0].is_err());
    let began = w.clock.now();
    w.elsewhere().get(|| found(8)).await;
    assert_eq!(w.clock.now(), began);
}

#[tokio::test(start_paused = true)]
async fn what_the_cache_was_told_outlives_a_row_that_is_no_item() {
    let w = world();
    w.holding(7).await;
    w.raise(9).await;
    meet(&w).await;
    assert!(refused(&w.get(|| found(8)).await, FillOutcome::RefusedFloor));
    let again = w.cache.get_or_load(Lookup { reload: true, ..w.ask() }, || found(9)).await.unwrap();
    assert_eq!(again.version.0, 9);
}
