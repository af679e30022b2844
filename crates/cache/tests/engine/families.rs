//! Lists: valid for as long as their family's generation.

use std::time::Duration;

use bytes::Bytes;
use cache::contract::Control;
use cache::{
    Answer, FillOutcome, Key, LoadError, Loaded, Lookup, MissReason, Policy, Provenance, Storable, Version,
};

use crate::world::{LIMIT, World, never_asked, source_down, world};

struct Shelf {
    w: World,
    family: Key,
}

/// A family whose generation began long enough ago.
async fn settled() -> Shelf {
    let shelf = new();
    shelf.get(|| page("first")).await;
    tokio::time::advance(shelf.w.policy.index_settle).await;
    shelf
}

fn new() -> Shelf {
    let w = world();
    let family = Key::new("test", "category", "shoes").unwrap();
    Shelf { w, family }
}

impl Shelf {
    fn ask(&self) -> Lookup<'_> {
        Lookup { family: Some(&self.family), ..self.w.ask() }
    }

    async fn get<F>(&self, load: impl FnOnce() -> F) -> Answer
    where
        F: Future<Output = Result<Loaded, LoadError>>,
    {
        self.w.cache.get_or_load(self.ask(), load).await.unwrap()
    }

    async fn change(&self) {
        self.w.elsewhere().cache.renew_family(&self.family, LIMIT).await.unwrap();
    }
}

async fn page(items: &'static str) -> Result<Loaded, LoadError> {
    Ok(Loaded::Found { version: Version::ZERO, body: Bytes::from_static(items.as_bytes()) })
}

fn shows(answer: &Answer, items: &'static str) -> bool {
    matches!(&answer.content, cache::Content::Live { body, .. } if body == items)
}

#[tokio::test(start_paused = true)]
async fn a_list_is_kept_until_its_family_changes() {
    let shelf = settled().await;
    let built = shelf.get(|| page("boots")).await;
    assert_eq!(built.storable(), Storable::Yes);
    shelf.w.chaos.take_asked();
    let hit = shelf.get(never_asked).await;
    assert!(matches!(hit.provenance, Provenance::Hit(_)) && shows(&hit, "boots"));
    assert_eq!(shelf.w.chaos.take_asked(), ["read", "read"], "both sent together");
    shelf.change().await;
    let rebuilt = shelf.get(|| page("boots, sandals")).await;
    assert!(matches!(rebuilt.provenance, Provenance::Loaded { miss: MissReason::Fenced, .. }));
    assert!(shows(&shelf.get(never_asked).await, "boots, sandals"));
}

#[tokio::test(start_paused = true)]
async fn a_list_built_while_its_index_may_lag_is_kept_for_a_second() {
    let mut shelf = settled().await;
    shelf.change().await;
    tokio::time::advance(shelf.w.policy.index_settle - Duration::from_millis(1)).await;
    let built = shelf.get(|| page("as it was")).await;
    assert_eq!(built.storable(), Storable::Briefly);
    shelf.w.policy.refresh_ahead = Duration::from_secs(60);
    tokio::time::advance(shelf.w.policy.unsettled_for - Duration::from_millis(1)).await;
    let hit = shelf.get(never_asked).await;
    assert_eq!((hit.storable(), shows(&hit, "as it was")), (Storable::Briefly, true));
    tokio::time::advance(Duration::from_millis(1)).await;
    let again = shelf.get(|| page("as it is")).await;
    assert_eq!(again.storable(), Storable::Yes, "the index has had its time");
}

#[tokio::test(start_paused = true)]
async fn a_list_built_while_its_index_may_lag_ages_from_when_the_index_was_asked() {
    let shelf = settled().await;
    shelf.change().await;
    let slow = shelf
        .get(|| async {
            // The process stands still for a while, and the page it brings then is as old.
            tokio::time::advance(shelf.w.policy.unsettled_for).await;
            page("as it was").await
        })
        .await;
    assert_eq!(slow.storable(), Storable::Briefly);
    assert!(shows(&shelf.get(|| page("as it is")).await, "as it is"), "nobody else is answered with it");
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_family_changed_while_it_was_built_is_never_served_again() {
    let shelf = settled().await;
    let overtaken = shelf
        .get(|| async {
            shelf.change().await;
            page("as it was").await
        })
        .await;
    // The page itself was not touched, so it takes the fill; but its generation is over.
    assert!(shows(&overtaken, "as it was"));
    assert_eq!(overtaken.storable(), Storable::No, "no level above may keep it");
    assert!(shows(&shelf.get(|| page("as it is")).await, "as it is"));
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_generation_makes_every_list_a_miss_and_never_comes_back() {
    let shelf = settled().await;
    shelf.get(|| page("boots")).await;
    shelf.w.memory.evict(&shelf.family).await;
    // Nothing is there to be renewed, and nothing needs to be.
    shelf.change().await;
    let rebuilt = shelf.get(|| page("sandals")).await;
    assert_eq!((shows(&rebuilt, "sandals"), rebuilt.storable()), (true, Storable::Briefly));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_of_an_old_generation_takes_a_page_away_but_never_puts_an_old_one_there() {
    let shelf = settled().await;
    let slow = shelf
        .get(|| async {
            shelf.change().await;
            let other = shelf.w.elsewhere();
            let ask = Lookup { family: Some(&shelf.family), ..other.ask() };
            assert!(shows(&other.cache.get_or_load(ask, || page("as it is")).await.unwrap(), "as it is"));
            page("as it was").await
        })
        .await;
    let refused = Provenance::Loaded { miss: MissReason::Expired, fill: FillOutcome::RefusedToken };
    assert_eq!((slow.provenance, slow.storable()), (refused, Storable::No));
    assert!(shows(&shelf.get(never_asked).await, "as it is"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_source_is_covered_by_a_list_of_an_older_generation_marked_as_fenced() {
    let shelf = settled().await;
    shelf.change().await;
    let answer = shelf.get(source_down).await;
    assert_eq!(answer.provenance, Provenance::StaleIfError { fenced: true });
    assert!(shows(&answer, "first"));
}

#[tokio::test(start_paused = true)]
async fn a_large_list_is_kept_in_the_process_and_still_told_apart_by_its_generation() {
    let mut shelf = settled().await;
    shelf.w.policy = Policy { local_from: 1, ..shelf.w.policy };
    tokio::time::advance(shelf.w.policy.unsettled_for).await;
    shelf.get(|| page("boots")).await;
    assert!(matches!(shelf.get(never_asked).await.provenance, Provenance::LocalHit { timed: false, .. }));
    shelf.change().await;
    assert!(shows(&shelf.get(|| page("sandals")).await, "sandals"));
}
