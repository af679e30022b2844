//! What is measured of each answer, all of it here: [`lambda_support::metrics`] says what each metric means.

use std::sync::Arc;

use async_trait::async_trait;
use cache::{Answer, Bypass, Cache, FillOutcome, GetError, MissReason, Provenance};
use catalog::{ItemList, ItemRead, Page, Position, ProductId, SourceError, Stored};
use lambda_support::Metrics;
use lambda_support::metrics::{Dimensions, Family, Level, Metric};
use tokio::time::Instant;

/// Measures answers.
pub struct Meter {
    metrics: Arc<Metrics>,
    cache: Arc<Cache>,
}

impl Meter {
    /// Measures what `cache` answers.
    pub fn new(metrics: Arc<Metrics>, cache: Arc<Cache>) -> Self {
        Meter { metrics, cache }
    }

    /// A read that went through the cache has ended.
    pub fn answered(&self, family: Family, result: &Result<Answer, GetError>) {
        let of = Dimensions::NONE.family(family);
        let provenance = result.as_ref().ok().map(|answer| answer.provenance);
        if let Some((metric, level)) = kind(provenance) {
            self.metrics.count(metric, of.level(level));
        }
        match provenance {
            Some(Provenance::Loaded { fill, .. }) if fill != FillOutcome::Stored => {
                self.metrics.count(Metric::FillRefused, of);
            }
            Some(Provenance::Bypassed(Bypass::Failed(_) | Bypass::BreakerOpen)) => {
                self.metrics.count(Metric::WithoutCache, of);
            }
            _ => {}
        }
        if let Ok(answer) = result
            && !answer.waited.is_zero()
        {
            self.metrics.time(Metric::LeaseWait, of, answer.waited);
        }
    }

    /// An invocation has ended.
    pub fn finish(&self) {
        self.metrics.finish(|metrics| {
            let open = f64::from(u8::from(self.cache.is_breaker_open()));
            metrics.measure(Metric::BreakerOpen, Dimensions::NONE, open);
        });
    }
}

/// As what a read counts, and at which level: at one only, so that levels add up. `None` for what the caller wanted past the
/// cache, and for families that are not cached. A read without an answer had to wait for the table like any miss.
fn kind(provenance: Option<Provenance>) -> Option<(Metric, Level)> {
    match provenance {
        Some(Provenance::Hit(_)) => Some((Metric::Hit, Level::Valkey)),
        Some(Provenance::LocalHit { .. }) => Some((Metric::Hit, Level::Memory)),
        Some(Provenance::StaleWhileRevalidate | Provenance::StaleIfError { .. }) => {
            Some((Metric::Stale, Level::Valkey))
        }
        Some(Provenance::Loaded { miss: MissReason::Requested, .. }) => None,
        Some(Provenance::Bypassed(Bypass::Requested | Bypass::Policy)) => None,
        Some(Provenance::Loaded { .. } | Provenance::Joined(_) | Provenance::Bypassed(_)) | None => {
            Some((Metric::Miss, Level::Valkey))
        }
    }
}

/// The table, with a clock on every call.
pub struct Timed<I> {
    items: Arc<I>,
    metrics: Arc<Metrics>,
}

impl<I> Timed<I> {
    /// Measures how long `items` takes.
    pub fn new(items: Arc<I>, metrics: Arc<Metrics>) -> Self {
        Timed { items, metrics }
    }

    async fn timed<T>(&self, family: Family, call: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let result = call.await;
        self.metrics.time(Metric::LoadTime, Dimensions::NONE.family(family), began.elapsed());
        result
    }
}

#[async_trait]
impl<I: ItemRead> ItemRead for Timed<I> {
    async fn read(&self, id: &ProductId) -> Result<Option<Stored>, SourceError> {
        self.timed(Family::Product, self.items.read(id)).await
    }

    async fn read_many(&self, ids: &[ProductId]) -> Vec<Result<Option<Stored>, SourceError>> {
        self.timed(Family::Product, self.items.read_many(ids)).await
    }
}

#[async_trait]
impl<I: ItemList> ItemList for Timed<I> {
    async fn list(
        &self,
        category: Option<&str>,
        limit: u16,
        after: Option<&Position>,
    ) -> Result<Page, SourceError> {
        self.timed(Family::List, self.items.list(category, limit, after)).await
    }
}

#[cfg(test)]
mod tests;
