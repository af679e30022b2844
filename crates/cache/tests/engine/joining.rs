//! Joining a load that another request of the same process runs.

use std::sync::Arc;
use std::time::Duration;

use cache::contract::Control;
use cache::{Answer, LoadError, Lookup, MissReason, Provenance, Storable, Version};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::world::{World, found, never_asked, world};

/// A load that has begun and returns when it is let go.
struct Running {
    reader: JoinHandle<Answer>,
    go: Arc<Semaphore>,
}

async fn running(w: &Arc<World>, outcome: Result<u64, ()>) -> Running {
    let (go, began) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (w, gate, announce) = (w.clone(), go.clone(), began.clone());
    let reader = tokio::spawn(async move {
        let load = || async {
            announce.add_permits(1);
            let _pass = gate.acquire().await.unwrap();
            match outcome {
                Ok(version) => found(version).await,
                Err(()) => Err(LoadError::Unavailable("down".into())),
            }
        };
        let failed = Answer {
            version: Version::ZERO,
            content: cache::Content::Absent,
            provenance: Provenance::StaleIfError { fenced: true },
            settled: true,
            waited: Duration::ZERO,
        };
        w.cache.get_or_load(w.ask(), load).await.unwrap_or(failed)
    });
    let _began = began.acquire().await.unwrap();
    Running { reader, go }
}

/// Another request of the same process, which has no need to load.
fn asking(w: &Arc<World>) -> JoinHandle<Answer> {
    let w = w.clone();
    tokio::spawn(async move { w.get(never_asked).await })
}

#[tokio::test(start_paused = true)]
async fn a_reader_joins_a_load_of_its_own_process() {
    let w = Arc::new(world());
    let first = running(&w, Ok(7)).await;
    w.chaos.take_asked();
    let second = asking(&w);
    tokio::time::advance(Duration::from_millis(300)).await;
    assert_eq!(w.chaos.take_asked(), ["read"], "it waits without asking the store again");
    first.go.add_permits(1);
    let joined = second.await.unwrap();
    assert_eq!((joined.version, joined.provenance), (Version(7), Provenance::Joined(Storable::Yes)));
    assert_eq!(first.reader.await.unwrap().content, joined.content);
    assert_eq!(w.cache.counts().joined, 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_refused_load_found_is_not_kept_by_those_who_joined_either() {
    let w = Arc::new(world());
    let first = running(&w, Ok(7)).await;
    let second = asking(&w);
    tokio::time::advance(Duration::from_millis(1)).await;
    // Both began before this, so version 7 is right for both; but nobody above may keep it.
    w.elsewhere().raise(8).await;
    first.go.add_permits(1);
    assert_eq!(second.await.unwrap().provenance, Provenance::Joined(Storable::No));
}

#[tokio::test(start_paused = true)]
async fn who_waited_says_for_how_long_and_who_did_not_says_nothing() {
    let w = Arc::new(world());
    let first = running(&w, Ok(7)).await;
    let (joining, polling) = (asking(&w), asking(&Arc::new(w.elsewhere())));
    tokio::time::advance(Duration::from_millis(1)).await;
    tokio::time::advance(Duration::from_millis(100)).await;
    first.go.add_permits(1);
    assert_eq!(first.reader.await.unwrap().waited, Duration::ZERO, "it loaded");
    for reader in [joining, polling] {
        let waited = reader.await.unwrap().waited;
        assert!((Duration::from_millis(100)..Duration::from_millis(300)).contains(&waited), "{waited:?}");
    }
    assert_eq!(w.get(never_asked).await.waited, Duration::ZERO, "a hit");
}

#[tokio::test(start_paused = true)]
async fn a_load_that_began_below_the_floor_is_not_joined() {
    let w = Arc::new(world());
    let first = running(&w, Ok(7)).await;
    w.elsewhere().raise(8).await;
    assert_eq!(w.get(|| found(8)).await.version, Version(8), "this reader began after the invalidation");
    first.go.add_permits(1);
    assert_eq!(first.reader.await.unwrap().storable(), Storable::No);
}

/// The token is the same; only the floor tells.
#[tokio::test(start_paused = true)]
async fn a_load_that_began_below_the_floor_is_not_joined_while_another_process_loads_either() {
    let w = Arc::new(world());
    let first = running(&w, Ok(7)).await;
    w.elsewhere().raise(8).await;
    let elsewhere = running(&Arc::new(w.elsewhere()), Ok(8)).await;
    let asked = asking(&w);
    tokio::time::advance(Duration::from_millis(100)).await;
    first.go.add_permits(1);
    assert_eq!(first.reader.await.unwrap().version, Version(7));
    elsewhere.go.add_permits(1);
    assert_eq!(asked.await.unwrap().version, Version(8));
    elsewhere.reader.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_load_of_another_life_is_not_joined_even_at_the_same_floor() {
    let w = Arc::new(world());
    let first = running(&w, Ok(7)).await;
    // The invalidation is forgotten with the record; another process begins the key anew and takes the lease.
    w.elsewhere().raise(8).await;
    w.memory.evict(&w.key).await;
    let other = Arc::new(w.elsewhere());
    let elsewhere = running(&other, Ok(8)).await;
    let asked = {
        let w = w.clone();
        tokio::spawn(async move { w.get(|| found(8)).await })
    };
    tokio::time::advance(Duration::from_millis(100)).await;
    first.go.add_permits(1);
    assert_eq!(first.reader.await.unwrap().version, Version(7));
    tokio::time::advance(Duration::from_millis(100)).await;
    assert!(!asked.is_finished(), "the load that has just ended is not what it waits for");
    elsewhere.go.add_permits(1);
    assert_eq!(asked.await.unwrap().version, Version(8));
    elsewhere.reader.await.unwrap();
}

/// A program has set the version back; the write after it repeats one, and so raises no floor.
#[tokio::test(start_paused = true)]
async fn what_a_joined_load_brings_below_the_floor_is_not_taken() {
    let w = Arc::new(world());
    w.holding(1).await;
    w.raise(2).await;
    let first = running(&w, Ok(1)).await;
    w.elsewhere().raise(2).await;
    let asked = {
        let w = w.clone();
        tokio::spawn(async move { w.get(|| found(2)).await })
    };
    tokio::time::advance(Duration::from_millis(1)).await;
    first.go.add_permits(1);
    assert_eq!(asked.await.unwrap().version, Version(2));
    assert_eq!(first.reader.await.unwrap().storable(), Storable::No);
}

#[tokio::test(start_paused = true)]
async fn after_a_failed_load_those_who_joined_compete_again() {
    let w = Arc::new(world());
    let first = running(&w, Err(())).await;
    let asked = {
        let w = w.clone();
        tokio::spawn(async move { w.get(|| found(7)).await })
    };
    tokio::time::advance(Duration::from_millis(1)).await;
    first.go.add_permits(1);
    let answer = asked.await.unwrap();
    assert!(matches!(answer.provenance, Provenance::Loaded { miss: MissReason::Empty, .. }));
    first.reader.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_joined_answer_below_the_callers_minimum_is_not_taken() {
    let w = Arc::new(world());
    let first = running(&w, Ok(7)).await;
    let asked = {
        let w = w.clone();
        tokio::spawn(async move {
            let picky = Lookup { minimum: Version(8), ..w.ask() };
            w.cache.get_or_load(picky, || found(8)).await.unwrap()
        })
    };
    tokio::time::advance(Duration::from_millis(1)).await;
    first.go.add_permits(1);
    assert_eq!(asked.await.unwrap().version, Version(8));
    first.reader.await.unwrap();
}
