//! Bodies that are large, too large, or not worth keeping.

use std::sync::Arc;

use bytes::Bytes;
use cache::chaos::Mood;
use cache::contract::Control;
use cache::{
    Bypass, CacheStore, Content, Encoding, FillOutcome, Head, Kind, LoadError, Loaded, Lookup, MissReason,
    Provenance, Record, Storable, Version,
};
use tokio::sync::Semaphore;

use crate::world::{World, found, is_hit, never_asked, world};

async fn large(version: u64, size: usize) -> Result<Loaded, LoadError> {
    let body = Bytes::from(format!("{{\"version\":{version},\"text\":\"{}\"}}", "boots ".repeat(size / 6)));
    Ok(Loaded::Found { version: Version(version), body })
}

async fn stored(w: &World) -> Record {
    Record::decode(&w.memory.read(&w.key).await.unwrap().unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_body_from_the_threshold_on_is_stored_compressed_and_answered_as_it_was_loaded() {
    let w = world();
    let loaded = w.get(|| large(7, 10_000)).await;
    let record = stored(&w).await;
    assert_eq!(record.head.encoding, Encoding::Lz4);
    assert!(record.body.len() < 1_000, "{}", record.body.len());
    let elsewhere = w.elsewhere().get(never_asked).await;
    assert!(matches!(elsewhere.provenance, Provenance::Hit(_)));
    assert_eq!(elsewhere.content, loaded.content, "body and hash");
    w.raise(8).await;
    w.get(|| found(8)).await;
    assert_eq!(stored(&w).await.head.encoding, Encoding::Identity);
}

#[tokio::test(start_paused = true)]
async fn an_encoding_of_a_newer_release_or_a_damaged_body_is_loaded_anew() {
    for damage in ["encoding", "body"] {
        let w = world();
        w.get(|| large(7, 10_000)).await;
        let mut record = stored(&w).await;
        match damage {
            "encoding" => record.head.encoding = Encoding::Unknown(b'z'),
            _ => record.body = record.body.slice(..record.body.len() - 9),
        }
        w.memory.put_raw(&w.key, record.encode()).await;
        let elsewhere = w.elsewhere();
        let answer = elsewhere.get(|| large(7, 10_000)).await;
        let expected = Provenance::Loaded { miss: MissReason::Empty, fill: FillOutcome::Stored };
        assert_eq!(answer.provenance, expected, "{damage}");
        assert!(matches!(w.elsewhere().get(never_asked).await.provenance, Provenance::Hit(_)), "{damage}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_not_kept_and_its_readers_do_not_wait_for_each_other() {
    let mut w = world();
    w.policy.max_body = 5_000;
    let first = w.get(|| large(7, 6_000)).await;
    assert_eq!(first.storable(), Storable::Yes, "the store vouches for it, though it does not keep it");
    let marker = stored(&w).await;
    assert_eq!((marker.head.kind, marker.head.version, marker.body.len()), (Kind::Uncached, Version(7), 0));
    let w = Arc::new(w);
    let (gate, both) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (w, gate, both) = (w.clone(), gate.clone(), both.clone());
            tokio::spawn(async move {
                w.get(|| async {
                    both.add_permits(1);
                    let _pass = gate.acquire().await.unwrap();
                    large(7, 6_000).await
                })
                .await
            })
        })
        .collect();
    let _both_load_at_once = both.acquire_many(2).await.unwrap();
    gate.add_permits(2);
    for reader in readers {
        let answer = reader.await.unwrap();
        assert_eq!(answer.provenance, Provenance::Bypassed(Bypass::TooLarge));
        assert_eq!(answer.storable(), Storable::Briefly);
    }
    assert_eq!(w.cache.counts().too_large, 2);
}

#[tokio::test(start_paused = true)]
async fn what_became_small_again_is_kept_again() {
    let mut w = world();
    w.policy.max_body = 5_000;
    w.get(|| large(7, 6_000)).await;
    w.raise(8).await;
    assert_eq!(w.get(|| found(8)).await.storable(), Storable::Yes, "a change ends the marker");
    assert!(is_hit(&w.get(never_asked).await, 8));
    w.raise(9).await;
    w.get(|| large(9, 6_000)).await;
    tokio::time::advance(w.policy.fresh_for).await;
    w.get(|| found(9)).await;
    assert!(is_hit(&w.get(never_asked).await, 9), "and so does time");
}

#[tokio::test(start_paused = true)]
async fn a_family_that_is_not_cached_never_meets_the_store() {
    let mut w = world();
    w.policy.bypass = true;
    w.chaos.set(Mood::Stalled);
    let answer = w.get(|| found(7)).await;
    assert_eq!(answer.provenance, Provenance::Bypassed(Bypass::Policy));
    assert_eq!(answer.storable(), Storable::Briefly);
    assert!(w.chaos.take_asked().is_empty());
    assert_eq!(w.cache.counts().bypassed, 1);
}

#[tokio::test(start_paused = true)]
async fn the_hash_of_an_answer_is_that_of_the_body_however_it_is_stored() {
    let w = world();
    let answer = w.get(|| large(7, 10_000)).await;
    let Content::Live { body, hash } = &answer.content else { panic!("{answer:?}") };
    assert_eq!(*hash, cache::record::body_hash(body));
    assert_eq!(Head::decode(&w.memory.read_head(&w.key).await.unwrap().unwrap()).unwrap().body_hash, *hash);
    let again = w.cache.get_or_load(Lookup { reload: true, ..w.ask() }, || large(7, 10_000)).await.unwrap();
    assert_eq!(again.content, answer.content);
}
