//! Many keys at once.

use std::sync::Mutex;
use std::time::Duration;

use cache::chaos::Mood;
use cache::contract::fresh_key;
use cache::{
    Answer, Bypass, CacheStore, GetError, Key, LoadError, Loaded, Lookup, Provenance, Storable, Version,
};

use crate::world::{World, body, found, is_hit, world};

struct Shelf {
    w: World,
    keys: Vec<Key>,
    /// The places each load was asked for.
    loads: Mutex<Vec<Vec<usize>>>,
}

fn shelf(size: usize) -> Shelf {
    Shelf { w: world(), keys: (0..size).map(|_| fresh_key()).collect(), loads: Mutex::default() }
}

impl Shelf {
    /// Loads version 7 of everything but what is asked to fail.
    async fn get(&self, failing: &[usize]) -> Vec<Result<Answer, GetError>> {
        let load = async |places: Vec<usize>| {
            self.loads.lock().unwrap().push(places.clone());
            places.into_iter().map(|place| self.row(place, failing)).collect()
        };
        self.w.cache.get_many(&self.w.policy, &self.keys, load).await
    }

    fn row(&self, place: usize, failing: &[usize]) -> Result<Loaded, LoadError> {
        match failing.contains(&place) {
            true => Err(LoadError::Unavailable("throttled".into())),
            false => Ok(Loaded::Found { version: Version(7), body: body(place as u64) }),
        }
    }

    async fn hold(&self, place: usize, version: u64) {
        let lookup = Lookup::of(&self.keys[place], &self.w.policy);
        self.w.cache.get_or_load(lookup, || found(version)).await.unwrap();
    }

    fn loads(&self) -> Vec<Vec<usize>> {
        std::mem::take(&mut self.loads.lock().unwrap())
    }
}

fn versions(answers: &[Result<Answer, GetError>]) -> Vec<u64> {
    answers.iter().map(|answer| answer.as_ref().unwrap().version.0).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_there_is_read_in_one_trip_and_what_is_missing_is_loaded_together() {
    let shelf = shelf(4);
    shelf.hold(1, 5).await;
    shelf.w.chaos.take_asked();
    let answers = shelf.get(&[]).await;
    assert_eq!(versions(&answers), [7, 5, 7, 7]);
    assert!(is_hit(answers[1].as_ref().unwrap(), 5));
    assert_eq!(shelf.loads(), [[0, 2, 3]]);
    let asked = shelf.w.chaos.take_asked();
    assert_eq!(asked.iter().filter(|operation| **operation == "read_many").count(), 1);
    assert_eq!(asked.iter().filter(|operation| operation.starts_with("read")).count(), 1);
    let again = shelf.get(&[]).await;
    assert_eq!(versions(&again), [7, 5, 7, 7]);
    assert_eq!((shelf.loads().len(), shelf.w.chaos.take_asked()), (0, vec!["read_many"]));
}

#[tokio::test(start_paused = true)]
async fn an_item_that_fails_costs_no_other() {
    let shelf = shelf(3);
    let answers = shelf.get(&[1]).await;
    assert!(matches!(answers[1], Err(GetError::Load(LoadError::Unavailable(_)))));
    assert!(answers[0].is_ok() && answers[2].is_ok());
    shelf.loads();
    tokio::time::advance(shelf.w.policy.lease).await;
    assert_eq!(versions(&shelf.get(&[]).await), [7, 7, 7]);
    assert_eq!(shelf.loads(), [[1]]);
}

#[tokio::test(start_paused = true)]
async fn a_key_asked_twice_is_looked_up_once() {
    let mut shelf = shelf(2);
    shelf.keys.push(shelf.keys[0].clone());
    assert_eq!(versions(&shelf.get(&[]).await), [7, 7, 7]);
    assert_eq!(shelf.loads(), [[0, 1]]);
}

#[tokio::test(start_paused = true)]
async fn no_keys_are_no_work() {
    let shelf = shelf(0);
    assert!(shelf.get(&[]).await.is_empty());
    assert!(shelf.loads().is_empty() && shelf.w.chaos.take_asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_another_process_is_loading_is_waited_for_only_after_the_rest_was_loaded() {
    let shelf = shelf(2);
    let other = shelf.w.elsewhere();
    let (held, batch) = (Lookup::of(&shelf.keys[0], &other.policy), tokio::sync::Notify::new());
    let holder = other.cache.get_or_load(held, || async {
        batch.notified().await;
        found(9).await
    });
    let reader = async {
        let load = async |places: Vec<usize>| {
            shelf.loads.lock().unwrap().push(places.clone());
            batch.notify_one();
            places.into_iter().map(|place| shelf.row(place, &[])).collect()
        };
        shelf.w.cache.get_many(&shelf.w.policy, &shelf.keys, load).await
    };
    let (holder, answers) = tokio::join!(holder, reader);
    holder.unwrap();
    assert_eq!(versions(&answers), [9, 7]);
    assert_eq!(shelf.loads(), [[1]]);
}

#[tokio::test(start_paused = true)]
async fn what_an_invalidation_overtook_is_right_for_the_caller_but_not_kept() {
    let shelf = shelf(2);
    let load = async |places: Vec<usize>| {
        shelf.w.cache.raise_floor(&shelf.keys[0], Version(8), Duration::from_secs(1)).await.unwrap();
        places.into_iter().map(|place| shelf.row(place, &[])).collect()
    };
    let answers = shelf.w.cache.get_many(&shelf.w.policy, &shelf.keys, load).await;
    let storable = |place: usize| answers[place].as_ref().unwrap().storable();
    assert_eq!((storable(0), storable(1)), (Storable::No, Storable::Yes));
}

#[tokio::test(start_paused = true)]
async fn a_failing_store_costs_no_answer() {
    for mood in [Mood::Down, Mood::Stalled, Mood::ReadOnly] {
        let shelf = shelf(3);
        shelf.w.chaos.set(mood);
        let answers = shelf.get(&[]).await;
        assert_eq!(versions(&answers), [7, 7, 7]);
        let past = |answer: &Result<Answer, GetError>| {
            matches!(answer.as_ref().unwrap().provenance, Provenance::Bypassed(Bypass::Failed(_)))
        };
        assert!(answers.iter().all(past), "{mood:?}");
        assert_eq!(shelf.loads(), [[0, 1, 2]]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_source_is_covered_item_by_item() {
    let shelf = shelf(2);
    shelf.hold(0, 5).await;
    shelf.w.cache.raise_floor(&shelf.keys[0], Version(6), Duration::from_secs(1)).await.unwrap();
    let answers = shelf.get(&[0, 1]).await;
    assert_eq!(answers[0].as_ref().unwrap().provenance, Provenance::StaleIfError { fenced: true });
    assert!(answers[1].is_err());
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_late_fails_and_one_that_forgets_items_loses_only_those() {
    let shelf = shelf(2);
    let late =
        shelf.w.cache.get_many(&shelf.w.policy, &shelf.keys, async |_| std::future::pending().await).await;
    assert!(late.iter().all(|answer| matches!(answer, Err(GetError::Load(LoadError::Unavailable(_))))));
    tokio::time::advance(shelf.w.policy.lease).await;
    let short = async |_| vec![shelf.row(0, &[])];
    let answers = shelf.w.cache.get_many(&shelf.w.policy, &shelf.keys, short).await;
    assert!(answers[0].is_ok() && answers[1].is_err());
    let stored = shelf.w.memory.read(&shelf.keys[1]).await.unwrap().unwrap();
    assert_eq!(stored.len(), cache::record::HEAD_LEN, "nothing was stored for it");
}
