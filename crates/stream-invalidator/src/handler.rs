//! Tell the cache, publish, answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cache::{Cache, StoreError};
use catalog::events::product_updated;
use catalog::invalidation::{Merged, families, merge};
use catalog::{Change, Event, EventBus, Keys, ProductId};
use futures::stream::{self, StreamExt};
use lambda_support::Metrics;
use serde::Serialize;
use tokio::time::Instant;

use crate::config::Config;
use crate::record::{Reading, StreamEvent, read};
use crate::report::Report;

/// Kept back from the invocation's time for publishing and answering.
const RESERVE: Duration = Duration::from_secs(3);

/// Tells the cache of changes, then publishes them.
pub struct Invalidator {
    cache: Arc<Cache>,
    keys: Keys,
    bus: Arc<dyn EventBus>,
    tell_timeout: Duration,
    concurrency: usize,
    report: Report,
}

/// The answer to the event source mapping (`ReportBatchItemFailures`): empty, or the one record to come back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchResponse {
    /// The lowest sequence number that failed. Lambda delivers it again with everything after it.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<BatchItemFailure>,
}

/// A record that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchItemFailure {
    /// Its sequence number.
    #[serde(rename = "itemIdentifier")]
    pub sequence_number: String,
}

impl Invalidator {
    /// Tells `cache` and publishes to `bus`; metrics go to standard output.
    pub fn new(config: &Config, cache: Arc<Cache>, bus: Arc<dyn EventBus>) -> Self {
        let (keys, tell_timeout) = (config.cache.keys.clone(), config.tell_timeout);
        let report = Report::new(Metrics::to_stdout(config.metrics.clone()));
        Invalidator { cache, keys, bus, tell_timeout, concurrency: config.concurrency, report }
    }

    /// Handles a batch within `time_left`. Whatever could not be done is reported, so that it comes back: an outage of
    /// the cache drops nothing.
    pub async fn handle(&self, event: StreamEvent, trace_id: &str, time_left: Duration) -> BatchResponse {
        let readings: Vec<Reading> = event.records.iter().map(read).collect();
        let changes = || readings.iter().filter_map(|reading| reading.change.as_ref());
        let merged = merge(changes());
        let products = merged.len();
        let give_up = Instant::now() + time_left.saturating_sub(RESERVE);
        let mut untold = self.tell_all(merged, give_up).await;
        // Lists after products: who sees the new list finds the new product.
        let told = changes().filter(|change| !untold.contains(&change.id));
        let unrenewed = self.renew_all(families(told), give_up).await;
        untold.extend(unrenewed);
        let (events, owners) = outgoing(&readings, &untold, trace_id);
        self.report.told(&events);
        let published = self.bus.publish(&events).await;
        self.report.published(&events, &published);
        let mut failed: BTreeSet<usize> = owners_of(&readings, &untold);
        let unpublished = owners.iter().zip(&published).filter(|(_, result)| result.is_err());
        failed.extend(unpublished.map(|(owner, _)| *owner));
        self.report.batch(readings.len(), products, untold.len());
        answer(&readings, failed.first().copied())
    }

    /// Tells the cache of every product; the answer is the products it was not told of. After the first failure
    /// no more are tried: the batch comes back to the first of them anyway.
    async fn tell_all(&self, merged: BTreeMap<&ProductId, Merged>, give_up: Instant) -> BTreeSet<ProductId> {
        let failing = AtomicBool::new(false);
        let failing = &failing;
        stream::iter(merged)
            .map(async |(id, merged)| {
                if failing.load(Ordering::Relaxed) || Instant::now() >= give_up {
                    return Some(id.clone());
                }
                let error = self.tell(id, merged).await.err()?;
                if !failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(product = %id, error = %error, "the cache was not told; the records will come back");
                }
                Some(id.clone())
            })
            .buffer_unordered(self.concurrency)
            .filter_map(async |untold| untold)
            .collect()
            .await
    }

    /// Gives every family of lists a new generation; the answer is the products whose lists could not be told.
    async fn renew_all(
        &self,
        families: BTreeMap<Option<&str>, BTreeSet<&ProductId>>,
        give_up: Instant,
    ) -> BTreeSet<ProductId> {
        stream::iter(families)
            .map(async |(category, products)| {
                let late = Instant::now() >= give_up;
                let told = if late { Err(StoreError::TimedOut) } else { self.renew(category).await };
                match told {
                    Ok(()) => BTreeSet::new(),
                    Err(error) => {
                        tracing::warn!(category, error = %error, "the lists were not told; the records will come back");
                        products.into_iter().cloned().collect()
                    }
                }
            })
            .buffer_unordered(self.concurrency)
            .concat()
            .await
    }

    async fn renew(&self, category: Option<&str>) -> Result<(), StoreError> {
        let family = self.keys.family(category).map_err(|error| StoreError::Refused(error.to_string()))?;
        self.cache.renew_family(&family, self.tell_timeout).await.map(drop)
    }

    async fn tell(&self, id: &ProductId, merged: Merged) -> Result<(), StoreError> {
        let key = self.keys.product(id).map_err(|error| StoreError::Refused(error.to_string()))?;
        if merged.forced {
            self.cache.drop_item(&key, self.tell_timeout).await?;
        }
        if let Some(version) = merged.floor {
            self.cache.raise_floor(&key, version, self.tell_timeout).await?;
        }
        Ok(())
    }
}

/// What is to be published, and for each event the first record that needs it: one event for each product the cache
/// was told of, one for each refused record.
fn outgoing(readings: &[Reading], untold: &BTreeSet<ProductId>, trace_id: &str) -> (Vec<Event>, Vec<usize>) {
    let mut by_product: BTreeMap<&ProductId, (usize, Vec<&Change>)> = BTreeMap::new();
    for (place, reading) in readings.iter().enumerate() {
        if let Some(change) = reading.change.as_ref().filter(|change| !untold.contains(&change.id)) {
            by_product.entry(&change.id).or_insert((place, Vec::new())).1.push(change);
        }
    }
    let updated = by_product.into_values().filter_map(|(place, changes)| {
        Some((Event::ProductUpdated(product_updated(changes, trace_id)?), place))
    });
    let refused = readings
        .iter()
        .enumerate()
        .filter_map(|(place, reading)| Some((Event::RecordRefused(reading.refused.clone()?), place)));
    updated.chain(refused).unzip()
}

/// The places of the records whose product the cache was not told of.
fn owners_of(readings: &[Reading], untold: &BTreeSet<ProductId>) -> BTreeSet<usize> {
    let is_untold =
        |reading: &Reading| reading.change.as_ref().is_some_and(|change| untold.contains(&change.id));
    readings.iter().enumerate().filter(|(_, reading)| is_untold(reading)).map(|(place, _)| place).collect()
}

/// The batch is in the order of the stream, so the first place that failed has the lowest sequence number.
fn answer(readings: &[Reading], first_failed: Option<usize>) -> BatchResponse {
    let failure =
        |place: usize| BatchItemFailure { sequence_number: readings[place].sequence_number.clone() };
    BatchResponse { failures: first_failed.map(failure).into_iter().collect() }
}
