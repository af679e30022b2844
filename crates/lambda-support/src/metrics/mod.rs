//! Metrics in CloudWatch's embedded metric format (EMF): lines of JSON on standard output, no call to any service.
//!
//! - [`names`]: every metric there is, with its unit
//! - [`dimensions`]: every dimension there is, with the fixed words it may have
//! - [`settings`]: `METRICS`, `METRICS_SECONDS`
//! - `gathered`: what was measured since the last line
//! - `emf`: how that is written
//!
//! Measuring costs a lock and a few comparisons. What was measured is written at the end of the first invocation after
//! [`MetricsSettings::every`]; a frozen process writes nothing. **What a dying environment loses** is what it measured since
//! its last lines: Lambda ends it without asking. The very first invocation writes at once, so that an environment that is
//! asked once in its life loses nothing of it.
//!
//! Every metric appears under `FunctionName` alone as well, so that an alarm needs no other dimension.

pub mod dimensions;
mod emf;
mod gathered;
pub mod names;
pub mod settings;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cache::{Clock, SystemClock, UnixMillis};

pub use dimensions::{After, Dimensions, Family, Level};
pub use emf::NAMESPACE;
pub use names::{Kind, Metric, Unit};
pub use settings::MetricsSettings;

use gathered::Gathered;

/// Where lines go: all of one moment in one text, each with its line end.
pub type Sink = Box<dyn Fn(&str) + Send + Sync>;

/// What a process measures. One per process, shared by its invocations.
pub struct Metrics {
    settings: MetricsSettings,
    clock: Arc<dyn Clock>,
    sink: Sink,
    gathered: Mutex<Gathered>,
    /// Before this, nothing is written. Wall time: a frozen process's monotonic clock may stand still.
    due_at: AtomicU64,
}

impl Metrics {
    /// Metrics that are written to `sink`.
    pub fn new(settings: MetricsSettings, clock: Arc<dyn Clock>, sink: Sink) -> Self {
        Metrics { settings, clock, sink, gathered: Mutex::default(), due_at: AtomicU64::new(0) }
    }

    /// Metrics that are written to standard output, which Lambda sends to CloudWatch.
    pub fn to_stdout(settings: MetricsSettings) -> Self {
        let sink = |lines: &str| {
            // Nobody is left to be told that nobody listens.
            let _written = std::io::stdout().lock().write_all(lines.as_bytes());
        };
        Metrics::new(settings, Arc::new(SystemClock), Box::new(sink))
    }

    /// Metrics that go nowhere.
    pub fn off() -> Self {
        Metrics::new(MetricsSettings::off(), Arc::new(SystemClock), Box::new(|_| {}))
    }

    /// Measures: a count is added to, a state replaced, anything else is one value more. `metric` says which.
    pub fn measure(&self, metric: Metric, dimensions: Dimensions, value: f64) {
        if self.settings.on {
            self.gathered.lock().unwrap_or_else(PoisonError::into_inner).add(metric, dimensions, value);
        }
    }

    /// Counts one.
    pub fn count(&self, metric: Metric, dimensions: Dimensions) {
        self.measure(metric, dimensions, 1.0);
    }

    /// Measures a span in milliseconds.
    pub fn time(&self, metric: Metric, dimensions: Dimensions, span: Duration) {
        self.measure(metric, dimensions, span.as_secs_f64() * 1000.0);
    }

    /// Measures how long ago `since` was, in milliseconds: nothing if it is zero, which means that nobody knows.
    pub fn lag(&self, metric: Metric, dimensions: Dimensions, since: UnixMillis) {
        if since > 0 {
            self.measure(metric, dimensions, self.clock.now().saturating_sub(since) as f64);
        }
    }

    /// Ends an invocation: writes what was gathered if it is time; `states` is called before, to measure what is a state.
    pub fn finish(&self, states: impl FnOnce(&Metrics)) {
        if !self.settings.on {
            return;
        }
        let now = self.clock.now();
        let every = u64::try_from(self.settings.every.as_millis()).unwrap_or(u64::MAX);
        let due_at = self.due_at.load(Ordering::Relaxed);
        // A clock that went backwards must not keep the lines back.
        if now >= due_at || due_at - now > every {
            self.due_at.store(now.saturating_add(every), Ordering::Relaxed);
            states(self);
            self.write(now);
        }
    }

    fn write(&self, now: UnixMillis) {
        let gathered = std::mem::take(&mut *self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
        let lines = emf::lines(&self.settings.function, now, gathered);
        if !lines.is_empty() {
            (self.sink)(&lines);
        }
    }
}

#[cfg(test)]
mod tests;
