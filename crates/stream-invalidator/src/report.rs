//! What the log and the metrics say of a batch: [`lambda_support::logs`] and [`lambda_support::metrics`] have their words.

use catalog::{BusError, Event};
use lambda_support::Metrics;
use lambda_support::metrics::{Dimensions, Metric};

/// What the log and the metrics say of a batch.
pub struct Report {
    metrics: Metrics,
}

impl Report {
    /// Measures with `metrics`.
    pub fn new(metrics: Metrics) -> Self {
        Report { metrics }
    }

    /// The cache was told of every change these events are of.
    pub fn told(&self, events: &[Event]) {
        for event in events {
            match event {
                Event::ProductUpdated(change) => {
                    self.metrics.lag(Metric::WriteToFloorLag, Dimensions::NONE, change.written_at);
                    tracing::info!(
                        step = "told",
                        product = change.id,
                        version = change.version,
                        "the cache knows of a change"
                    );
                }
                Event::RecordRefused(refused) => {
                    self.metrics.count(Metric::Poison, Dimensions::NONE);
                    tracing::error!(
                        product = refused.id,
                        sequence_number = refused.sequence_number,
                        reason = refused.reason,
                        "a record cannot be used as it is; it goes to the failure queue"
                    );
                }
            }
        }
    }

    /// What became of the events.
    pub fn published(&self, events: &[Event], results: &[Result<String, BusError>]) {
        for (event, result) in events.iter().zip(results) {
            match (event, result) {
                (Event::ProductUpdated(change), Ok(event_id)) => tracing::info!(
                    step = "published",
                    product = change.id,
                    version = change.version,
                    event_id,
                    "a change was published"
                ),
                (Event::ProductUpdated(change), Err(error)) => tracing::warn!(
                    product = change.id,
                    version = change.version,
                    %error,
                    "a change was not published; its records will come back"
                ),
                (Event::RecordRefused(_), Ok(_)) => {}
                (Event::RecordRefused(refused), Err(error)) => tracing::warn!(
                    sequence_number = refused.sequence_number,
                    %error,
                    "a refused record was not put aside; it will come back"
                ),
            }
        }
    }

    /// The batch is done.
    pub fn batch(&self, records: usize, products: usize, untold: usize) {
        let told = products.saturating_sub(untold);
        self.metrics.measure(Metric::Told, Dimensions::NONE, told as f64);
        self.metrics.measure(Metric::Untold, Dimensions::NONE, untold as f64);
        tracing::info!(records, told, untold, "a batch is done");
        self.metrics.finish(|_| {});
    }
}
