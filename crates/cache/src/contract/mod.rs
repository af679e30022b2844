//! What every [`CacheStore`] must do: one suite for the memory fake and for real servers.
//!
//! Use it with [`contract_tests!`](crate::contract_tests). Each case takes a fresh key, so that cases may share a
//! server, and forces its interleaving by calling the operations in the order that hurts.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test suite fails by panicking")]

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::key::Key;
use crate::record::{Encoding, HEAD_LEN, Kind, Record, Token, body_hash};
use crate::rule::{Verdict, judge};
use crate::store::{BeginFill, Begun, CacheStore, Fill, FillOutcome, Invalidated, Invalidation};
use crate::version::Version;

mod case;

pub use case::{Case, NOW, fresh_key};
use case::{PENDING_TTL, TTL, absent, begin_at, live};

/// What the suite does behind the engine's back.
#[async_trait]
pub trait Control: CacheStore {
    /// Removes one key, as eviction does.
    async fn evict(&self, key: &Key);
    /// Removes every key.
    async fn flush(&self);
    /// Lets one key run out of time.
    async fn expire(&self, key: &Key);
    /// Writes arbitrary bytes under a key.
    async fn put_raw(&self, key: &Key, raw: Bytes);
    /// The time a key has left.
    async fn time_to_live(&self, key: &Key) -> Option<Duration>;
}

macro_rules! cases {
    ($($(#[$doc:meta])* $name:ident($case:ident) $body:block)*) => {
        $($(#[$doc])* pub async fn $name<S: Control>($case: Case<S>) $body)*

        /// One test per case, for a store made by the given expression (a future).
        #[macro_export]
        macro_rules! contract_tests {
            ($make:expr) => {
                $(#[tokio::test]
                async fn $name() {
                    $crate::contract::$name($crate::contract::Case::new($make.await)).await;
                })*
            };
        }
    };
}

cases! {
    /// An announced load leaves a pending record, a fill makes it a hit, byte for byte.
    a_fill_after_its_announcement_becomes_a_hit(case) {
        assert_eq!(case.record().await, None);
        let begun = case.begin(NOW).await;
        assert!(begun.holds_lease);
        assert_eq!(case.verdict().await, Some(Verdict::Pending));
        assert_eq!(case.fill(live(&begun, 7, "{\"v\":7}\u{0}\r\n")).await, FillOutcome::Stored);
        let record = case.record().await.unwrap();
        assert_eq!(&record.body[..], b"{\"v\":7}\0\r\n");
        assert_eq!(record.head.body_hash, body_hash(&record.body));
        assert_eq!((record.head.version, record.head.floor), (Version(7), Version::ZERO));
        assert_eq!((record.head.token, record.head.lease_until), (begun.head.token, 0));
        assert_eq!(case.verdict().await, Some(Verdict::Hit));
    }

    /// Every key has a time to live: serverless ElastiCache evicts only such keys.
    every_record_has_a_time_to_live_that_invalidation_keeps(case) {
        let within = |ttl: Option<Duration>, most: Duration| {
            let ttl = ttl.unwrap();
            assert!(ttl <= most && ttl > most - Duration::from_secs(5), "{ttl:?} of {most:?}");
        };
        let begun = case.begin(NOW).await;
        within(case.store.time_to_live(&case.key).await, PENDING_TTL);
        case.raise(3).await;
        within(case.store.time_to_live(&case.key).await, PENDING_TTL);
        case.fill(live(&begun, 3, "three")).await;
        within(case.store.time_to_live(&case.key).await, TTL);
        case.begin(NOW).await;
        case.raise(4).await;
        within(case.store.time_to_live(&case.key).await, TTL);
        case.force().await;
        within(case.store.time_to_live(&case.key).await, TTL);
    }

    /// The classic race: load, invalidate, fill.
    a_late_fill_is_refused_after_an_invalidation(case) {
        let begun = case.begin(NOW).await;
        assert_eq!(case.raise(8).await, Invalidated::Raised);
        assert_eq!(case.fill(live(&begun, 7, "old")).await, FillOutcome::RefusedFloor);
        assert_eq!(case.verdict().await, Some(Verdict::Pending));
    }

    /// An invalidation does not refuse the very version it announced, nor a newer one.
    a_fill_at_the_floor_is_stored(case) {
        let begun = case.begin(NOW).await;
        case.raise(8).await;
        assert_eq!(case.fill(live(&begun, 8, "new")).await, FillOutcome::Stored);
        assert_eq!(case.verdict().await, Some(Verdict::Hit));
        assert_eq!(case.record().await.unwrap().head.floor, Version(8));
    }

    /// A forced invalidation refuses every load that began before it, whatever its version.
    a_late_fill_is_refused_after_a_forced_invalidation(case) {
        let begun = case.filled(7, "seven").await;
        assert_eq!(case.force().await, Invalidated::Dropped);
        assert_eq!(case.fill(live(&begun, 9, "nine")).await, FillOutcome::RefusedToken);
        let record = case.record().await.unwrap();
        assert_eq!((record.head.kind, record.head.floor), (Kind::Pending, Version::ZERO));
        assert!(record.body.is_empty());
        assert_ne!(record.head.token, begun.head.token);
    }

    /// The store forgot the key, and with it the invalidation; the old fill shows a token nobody knows.
    a_fill_is_refused_when_its_key_was_evicted(case) {
        let begun = case.begin(NOW).await;
        case.raise(8).await;
        case.store.evict(&case.key).await;
        assert_eq!(case.fill(live(&begun, 7, "old")).await, FillOutcome::RefusedToken);
        assert_eq!(case.record().await, None);
    }

    /// As above, by time.
    a_fill_is_refused_when_its_key_has_expired(case) {
        let begun = case.begin(NOW).await;
        case.store.expire(&case.key).await;
        assert_eq!(case.fill(live(&begun, 7, "old")).await, FillOutcome::RefusedToken);
    }

    /// As above, for everything at once.
    a_fill_is_refused_when_the_store_was_flushed(case) {
        let begun = case.begin(NOW).await;
        case.store.flush().await;
        assert_eq!(case.fill(live(&begun, 7, "old")).await, FillOutcome::RefusedToken);
    }

    /// Evicted and begun again by another reader: same key, another life.
    a_fill_is_refused_in_another_life_of_its_key(case) {
        let old = case.begin(NOW).await;
        case.raise(8).await;
        case.store.evict(&case.key).await;
        let new = case.begin(NOW).await;
        assert_ne!(old.head.token, new.head.token);
        assert_eq!(case.fill(live(&old, 7, "old")).await, FillOutcome::RefusedToken);
        assert_eq!(case.fill(live(&new, 8, "new")).await, FillOutcome::Stored);
    }

    /// Invalidation is a max-merge.
    duplicate_and_reordered_invalidations_change_nothing(case) {
        case.filled(9, "nine").await;
        assert_eq!(case.raise(9).await, Invalidated::Raised);
        assert_eq!(case.raise(9).await, Invalidated::Unchanged);
        assert_eq!(case.raise(5).await, Invalidated::Unchanged);
        assert_eq!(case.record().await.unwrap().head.floor, Version(9));
        assert_eq!(case.verdict().await, Some(Verdict::Hit), "the body was never below its floor");
    }

    /// A fenced body stays as a reserve, but is no hit.
    a_body_below_the_floor_is_fenced(case) {
        case.filled(7, "seven").await;
        assert_eq!(case.raise(8).await, Invalidated::Raised);
        assert_eq!(case.verdict().await, Some(Verdict::Fenced));
        assert_eq!(&case.record().await.unwrap().body[..], b"seven");
    }

    /// Versions are compared in all their 64 bits.
    versions_above_two_to_the_53_are_told_apart(case) {
        let big = (1u64 << 53) + 1;
        case.filled(big, "big").await;
        assert_eq!(case.raise(big - 1).await, Invalidated::Raised);
        assert_eq!(case.verdict().await, Some(Verdict::Hit));
        assert_eq!(case.raise(big + 1).await, Invalidated::Raised);
        assert_eq!(case.verdict().await, Some(Verdict::Fenced));
        let begun = case.begin(NOW).await;
        assert_eq!(case.fill(live(&begun, big, "big")).await, FillOutcome::RefusedFloor);
        case.raise(u64::MAX).await;
        assert_eq!(case.fill(live(&begun, u64::MAX - 1, "x")).await, FillOutcome::RefusedFloor);
        assert_eq!(case.fill(live(&begun, u64::MAX, "max")).await, FillOutcome::Stored);
    }

    /// An absent fill that raced a create: the create is an INSERT, which is forced.
    an_absent_fill_is_refused_after_a_create(case) {
        let begun = case.begin(NOW).await;
        case.force().await;
        assert_eq!(case.fill(absent(&begun)).await, FillOutcome::RefusedToken);
    }

    /// An absent record answers until it is told of a create.
    an_absent_record_is_a_hit_until_the_create(case) {
        let begun = case.begin(NOW).await;
        assert_eq!(case.fill(absent(&begun)).await, FillOutcome::Stored);
        assert_eq!(case.verdict().await, Some(Verdict::Hit));
        assert_eq!(case.record().await.unwrap().head.kind, Kind::Absent);
        case.force().await;
        assert_eq!(case.verdict().await, Some(Verdict::Pending));
    }

    /// Delete and re-create: what was absent, and what was before, both stay away.
    a_recreated_item_is_neither_absent_nor_old(case) {
        let before = case.filled(7, "first life").await;
        case.force().await;
        let gone = case.begin(NOW).await;
        assert_eq!(case.fill(absent(&gone)).await, FillOutcome::Stored);
        let reading_absence = case.begin(NOW).await;
        case.force().await;
        assert_eq!(case.fill(absent(&reading_absence)).await, FillOutcome::RefusedToken);
        assert_eq!(case.fill(live(&before, 7, "first life")).await, FillOutcome::RefusedToken);
        let begun = case.begin(NOW).await;
        assert_eq!(case.fill(live(&begun, 100, "second life")).await, FillOutcome::Stored);
        assert_eq!(case.raise(7).await, Invalidated::Raised);
        assert_eq!(case.verdict().await, Some(Verdict::Hit), "an old duplicate does not fence the new life");
    }

    /// A page of a list carries its family's generation as its token: what was built under another one is gone.
    a_load_under_another_generation_begins_a_new_life(case) {
        let begin = |generation: u64, now: u64| BeginFill {
            token: Token::from_bits(generation),
            generational: true,
            ..begin_at(now)
        };
        let first = case.store.begin_fill(&case.key, &begin(1, NOW)).await.unwrap();
        assert_eq!(first.head.token, Token::from_bits(1));
        assert_eq!(case.fill(live(&first, 0, "page of one")).await, FillOutcome::Stored);
        let again = case.store.begin_fill(&case.key, &begin(1, NOW)).await.unwrap();
        assert_eq!((again.head.kind, again.holds_lease), (Kind::Live, true), "the same life goes on");
        let second = case.store.begin_fill(&case.key, &begin(2, NOW)).await.unwrap();
        assert!(second.holds_lease, "whatever lease the other life held");
        assert_eq!((second.head.token, second.head.kind), (Token::from_bits(2), Kind::Pending));
        assert_eq!(case.fill(live(&again, 0, "page of one")).await, FillOutcome::RefusedToken);
        assert_eq!(case.fill(live(&second, 0, "page of two")).await, FillOutcome::Stored);
    }

    /// When a family's generation began decides how long its pages may be kept.
    a_pending_record_tells_when_it_was_born(case) {
        case.begin(NOW + 5).await;
        assert_eq!(case.record().await.unwrap().head.fresh_until, NOW + 5);
        case.begin(NOW + 5_000).await;
        assert_eq!(case.record().await.unwrap().head.fresh_until, NOW + 5, "a lease is no birth");
        case.force().await;
        assert_eq!(case.record().await.unwrap().head.fresh_until, NOW);
    }

    /// Kind and encoding are kept as they were given.
    what_a_fill_says_of_its_body_is_kept(case) {
        let begun = case.begin(NOW).await;
        let packed = Fill { encoding: Encoding::Lz4, ..live(&begun, 7, "packed") };
        assert_eq!(case.fill(packed).await, FillOutcome::Stored);
        assert_eq!(case.record().await.unwrap().head.encoding, Encoding::Lz4);
        let marker = Fill { kind: Kind::Uncached, ..live(&begun, 8, "") };
        assert_eq!(case.fill(marker).await, FillOutcome::Stored);
        let record = case.record().await.unwrap();
        assert_eq!((record.head.kind, record.head.version), (Kind::Uncached, Version(8)));
        assert!(case.begin(NOW).await.holds_lease, "a marker is a record like any other");
    }

    /// Reading less, and reading several.
    heads_and_several_records_are_read_as_they_are(case) {
        assert_eq!(case.store.read_head(&case.key).await.unwrap(), None);
        case.filled(7, "seven").await;
        let whole = case.store.read(&case.key).await.unwrap().unwrap();
        assert_eq!(case.store.read_head(&case.key).await.unwrap().unwrap(), whole.slice(..HEAD_LEN));
        case.store.put_raw(&case.key, Bytes::from_static(b"short")).await;
        assert_eq!(case.store.read_head(&case.key).await.unwrap().unwrap(), "short");
        let others: Vec<_> = (0..40).map(|_| fresh_key()).collect();
        case.store.put_raw(&others[3], Bytes::from_static(b"three")).await;
        let keys = [&others[..], std::slice::from_ref(&case.key)].concat();
        let read = case.store.read_many(&keys).await;
        let read: Vec<_> = read.into_iter().map(Result::unwrap).collect();
        assert_eq!(read.len(), 41);
        assert_eq!((read[3].as_deref(), read[40].as_deref()), (Some(&b"three"[..]), Some(&b"short"[..])));
        assert_eq!(read.iter().flatten().count(), 2);
        assert!(case.store.read_many(&[]).await.is_empty());
    }

    /// While the lease runs, others are told to wait; when it has run out, the next takes it.
    one_caller_at_a_time_holds_the_lease(case) {
        let first = case.begin(NOW).await;
        assert!(first.holds_lease);
        let second = case.begin(NOW + 1_999).await;
        assert!(!second.holds_lease);
        assert_eq!(second.head, first.head);
        let third = case.begin(NOW + 2_000).await;
        assert!(third.holds_lease);
        assert_eq!(third.head.lease_until, NOW + 4_000);
        assert_eq!(third.head.token, first.head.token);
    }

    /// The first holder was slow; both fill. The newer body stays, in either order.
    two_lease_holders_leave_the_newer_body(case) {
        let first = case.begin(NOW).await;
        let second = case.begin(NOW + 2_000).await;
        assert!(first.holds_lease && second.holds_lease);
        assert_eq!(case.fill(live(&second, 8, "newer")).await, FillOutcome::Stored);
        assert_eq!(case.fill(live(&first, 7, "older")).await, FillOutcome::RefusedNewer);
        assert_eq!(&case.record().await.unwrap().body[..], b"newer");
        assert_eq!(case.fill(live(&first, 8, "newer")).await, FillOutcome::Stored, "the same version may be repeated");
    }

    /// Who holds the lease may be loading what was just replaced: others need not wait for it.
    an_invalidation_that_raises_the_floor_releases_the_lease(case) {
        assert!(case.begin(NOW).await.holds_lease);
        case.raise(8).await;
        assert!(case.begin(NOW).await.holds_lease);
        assert_eq!(case.raise(8).await, Invalidated::Unchanged);
        assert!(!case.begin(NOW).await.holds_lease, "a repeat leaves the lease alone");
        case.force().await;
        assert!(case.begin(NOW).await.holds_lease);
    }

    /// The stream tells of many items nobody reads: they take no memory.
    an_invalidation_of_an_empty_key_writes_nothing(case) {
        assert_eq!(case.raise(8).await, Invalidated::Empty);
        assert_eq!(case.force().await, Invalidated::Empty);
        assert_eq!(case.record().await, None);
    }

    /// Bytes of another program or release: never served, never filled, replaced by the next load.
    what_is_no_record_is_a_miss_and_is_replaced(case) {
        let old = case.begin(NOW).await;
        for raw in ["hello".to_owned(), "x".repeat(HEAD_LEN + 10), format!("t2{}", "0".repeat(HEAD_LEN))] {
            case.store.put_raw(&case.key, Bytes::from(raw.clone())).await;
            assert_eq!(case.fill(live(&old, 7, "seven")).await, FillOutcome::RefusedToken, "{raw}");
            let begun = case.begin(NOW).await;
            assert!(begun.holds_lease);
            assert_eq!(case.fill(live(&begun, 7, "seven")).await, FillOutcome::Stored);
            case.store.put_raw(&case.key, Bytes::from(raw)).await;
            assert_eq!(case.raise(8).await, Invalidated::Empty);
            assert_eq!(case.record().await, None, "no floor can be kept in it, so it is deleted");
        }
    }
}
