//! What every [`Ledger`] must do: one suite for the memory fake and for real tables.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test suite fails by panicking")]

use cache::Version;

use super::budget::Month;
use super::port::Ledger;
use super::purged::Purged;
use crate::product::ProductId;

const NOW: u64 = 1_790_000_000_000;
const MONTH: u64 = 31 * 86_400_000;

/// Runs the suite on an empty ledger.
pub async fn ledger(ledger: &dyn Ledger) {
    each_month_is_counted_by_itself_and_none_of_it_is_lost(ledger).await;
    the_last_purge_of_each_product_is_remembered(ledger).await;
    many_are_remembered_at_once(ledger).await;
}

async fn each_month_is_counted_by_itself_and_none_of_it_is_lost(ledger: &dyn Ledger) {
    let (month, next) = (Month::of(NOW), Month::of(NOW + MONTH));
    assert_eq!(ledger.spent(&month).await, Ok(0));
    assert_eq!(ledger.spend(&month, 3).await, Ok(3));
    futures::future::join_all((0..20).map(|_| ledger.spend(&month, 2))).await;
    assert_eq!(ledger.spent(&month).await, Ok(43));
    assert_eq!(ledger.spent(&next).await, Ok(0));
    assert_eq!(ledger.spend(&next, 1).await, Ok(1));
}

async fn the_last_purge_of_each_product_is_remembered(ledger: &dyn Ledger) {
    let [a, b, unknown] = ["a", "A", "unknown"].map(|id| ProductId::parse(id).unwrap());
    let purged = |version, written_at| Purged { version: Version(version), written_at };
    assert_eq!(ledger.purged(&[]).await.unwrap().len(), 0);
    ledger.record(&[], NOW).await.unwrap();
    ledger
        .record(&[(a.clone(), purged(7, 70)), (b.clone(), purged(u64::MAX, NOW))], NOW + MONTH)
        .await
        .unwrap();
    let known = ledger.purged(&[a.clone(), unknown, b.clone(), a.clone()]).await.unwrap();
    assert_eq!(known.len(), 2);
    assert_eq!((known[&a], known[&b]), (purged(7, 70), purged(u64::MAX, NOW)));
    ledger.record(&[(a.clone(), purged(0, 80))], NOW + MONTH).await.unwrap();
    let known = ledger.purged(std::slice::from_ref(&a)).await.unwrap();
    assert_eq!(known[&a], purged(0, 80), "the last, not the highest");
}

async fn many_are_remembered_at_once(ledger: &dyn Ledger) {
    let ids: Vec<_> = (0..260).map(|i| ProductId::parse(&format!("many-{i}")).unwrap()).collect();
    let purges = (1..).zip(&ids).map(|(i, id)| (id.clone(), Purged { version: Version(i), written_at: i }));
    ledger.record(&purges.collect::<Vec<_>>(), NOW + MONTH).await.unwrap();
    let known = ledger.purged(&ids).await.unwrap();
    assert_eq!(known.len(), 260);
    assert_eq!(known[&ids[259]].version, Version(260));
}
