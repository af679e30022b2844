use super::*;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use cache::memory::MemoryStore;
use cache::{CacheConfig, Content, Entropy, LoadError, Storable, SystemClock, Version};
use lambda_support::MetricsSettings;
use serde_json::Value;

/// What was written for these answers, as one object for each set of dimensions.
fn measured(family: Family, results: &[Result<Answer, GetError>]) -> Vec<Value> {
    let lines = Arc::new(Mutex::new(String::new()));
    let kept = lines.clone();
    let sink = Box::new(move |text: &str| kept.lock().unwrap().push_str(text));
    let settings = MetricsSettings { on: true, every: Duration::ZERO, function: "read-api".to_owned() };
    let clock = Arc::new(SystemClock);
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let cache = Arc::new(Cache::new(store, clock.clone(), Entropy::from_seed(1), CacheConfig::default()));
    let meter = Meter::new(Arc::new(Metrics::new(settings, clock, sink)), cache);
    results.iter().for_each(|result| meter.answered(family, result));
    meter.finish();
    let lines = lines.lock().unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn from(provenance: Provenance) -> Result<Answer, GetError> {
    let content = Content::Live { body: Bytes::new(), hash: 0 };
    Ok(Answer { version: Version(7), content, provenance, settled: true, waited: Duration::ZERO })
}

fn loaded(miss: MissReason, fill: FillOutcome) -> Result<Answer, GetError> {
    from(Provenance::Loaded { miss, fill })
}

/// How much of a metric there is over all levels, as an alarm on `FunctionName` alone sees it.
fn sum(lines: &[Value], metric: Metric) -> f64 {
    lines.iter().filter_map(|line| line.get(metric.name())?.as_f64()).sum()
}

#[test]
fn every_read_counts_once_whatever_levels_it_passed() {
    let second = Duration::from_secs(1);
    let results = [
        from(Provenance::Hit(second)),
        from(Provenance::LocalHit { left: second, timed: false }),
        from(Provenance::LocalHit { left: second, timed: true }),
        from(Provenance::StaleWhileRevalidate),
        from(Provenance::StaleIfError { fenced: true }),
        from(Provenance::Joined(Storable::Yes)),
        loaded(MissReason::Empty, FillOutcome::Stored),
        loaded(MissReason::Early, FillOutcome::RefusedFloor),
        from(Provenance::Bypassed(Bypass::TooLarge)),
        from(Provenance::Bypassed(Bypass::Failed("timeout"))),
        from(Provenance::Bypassed(Bypass::BreakerOpen)),
        Err(LoadError::Unavailable("down".into()).into()),
    ];
    let lines = measured(Family::Product, &results);
    let counts = [Metric::Hit, Metric::Stale, Metric::Miss].map(|metric| sum(&lines, metric));
    assert_eq!(counts, [3.0, 2.0, 7.0]);
    assert_eq!([Metric::FillRefused, Metric::WithoutCache].map(|metric| sum(&lines, metric)), [1.0, 2.0]);
    let memory = lines.iter().find(|line| line["Level"] == "memory").unwrap();
    assert_eq!((&memory["Hit"], &memory["Family"]), (&2.into(), &"product".into()));
}

#[test]
fn what_the_caller_wanted_past_the_cache_says_nothing_of_it() {
    let results = [
        from(Provenance::Bypassed(Bypass::Requested)),
        from(Provenance::Bypassed(Bypass::Policy)),
        loaded(MissReason::Requested, FillOutcome::Stored),
    ];
    let lines = measured(Family::List, &results);
    assert_eq!(lines.len(), 1, "only the breaker: {lines:?}");
    assert_eq!(lines[0]["BreakerOpen"], 0);
}

#[test]
fn only_reads_that_waited_tell_for_how_long() {
    let waited = from(Provenance::Joined(Storable::Yes))
        .map(|answer| Answer { waited: Duration::from_micros(12_500), ..answer });
    let lines = measured(Family::List, &[waited, from(Provenance::Hit(Duration::ZERO))]);
    let line = lines.iter().find(|line| line.get("LeaseWait").is_some()).unwrap();
    assert_eq!((&line["LeaseWait"], &line["Family"]), (&serde_json::json!([12.5]), &"list".into()));
}
