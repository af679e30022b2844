use super::*;
use serde_json::{Value, json};
use std::sync::atomic::AtomicU64;

const SHOES: Dimensions = Dimensions::NONE.family(Family::Product).level(Level::Valkey);

#[derive(Default)]
struct Watch(AtomicU64);

impl Clock for Watch {
    fn now(&self) -> UnixMillis {
        self.0.load(Ordering::Relaxed)
    }
}

struct World {
    watch: Arc<Watch>,
    lines: Arc<Mutex<Vec<Value>>>,
    metrics: Metrics,
}

fn world(every: u64) -> World {
    let (watch, lines) = (Arc::new(Watch::default()), Arc::new(Mutex::new(Vec::new())));
    watch.0.store(1_000_000, Ordering::Relaxed);
    let settings =
        MetricsSettings { on: true, every: Duration::from_millis(every), function: "f".to_owned() };
    let kept = lines.clone();
    let sink = move |text: &str| {
        assert!(text.ends_with('\n'), "{text}");
        kept.lock().unwrap().extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    };
    World { metrics: Metrics::new(settings, watch.clone(), Box::new(sink)), watch, lines }
}

impl World {
    fn at(&self, millis: u64) {
        self.watch.0.store(1_000_000 + millis, Ordering::Relaxed);
        self.metrics.finish(|_| {});
    }

    fn lines(&self) -> Vec<Value> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

#[test]
fn counts_add_up_states_replace_and_distributions_keep_every_value() {
    let world = world(5_000);
    for _ in 0..3 {
        world.metrics.count(Metric::Hit, SHOES);
    }
    world.metrics.measure(Metric::MonthSpend, Dimensions::NONE, 1.0);
    world.metrics.measure(Metric::MonthSpend, Dimensions::NONE, 2.5);
    world.metrics.time(Metric::LoadTime, Dimensions::NONE, Duration::from_micros(1_250));
    world.metrics.lag(Metric::LoadTime, Dimensions::NONE, 999_000);
    world.metrics.lag(Metric::LoadTime, Dimensions::NONE, 0);
    world.at(0);
    let lines = world.lines();
    let expected = json!({
        "_aws": {
            "Timestamp": 1_000_000,
            "CloudWatchMetrics": [{
                "Namespace": "Tidemark",
                "Dimensions": [["FunctionName", "Family", "Level"], ["FunctionName"]],
                "Metrics": [{ "Name": "Hit", "Unit": "Count" }]
            }]
        },
        "FunctionName": "f", "Family": "product", "Level": "valkey", "Hit": 3
    });
    assert_eq!(lines[0], expected);
    assert_eq!(lines[1]["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["FunctionName"]]));
    assert_eq!((&lines[1]["MonthSpend"], &lines[1]["LoadTime"]), (&json!(2.5), &json!([1.25, 1000])));
    assert_eq!(lines.len(), 2, "one line for each set of dimensions");
}

#[test]
fn lines_are_written_by_the_first_invocation_and_then_by_the_first_after_the_pause() {
    let world = world(5_000);
    let mut written = Vec::new();
    for at in [0, 1, 4_999, 5_000, 5_001, 60_000] {
        world.metrics.count(Metric::Miss, SHOES);
        world.at(at);
        written.push(world.lines().first().map(|line| line["Miss"].as_u64().unwrap()));
    }
    assert_eq!(written, [Some(1), None, None, Some(3), None, Some(2)]);
    world.at(120_000);
    assert!(world.lines().is_empty(), "nothing was measured");
}

#[test]
fn a_clock_that_went_back_keeps_no_line_back() {
    let world = world(5_000);
    world.at(900_000);
    world.metrics.count(Metric::Hit, SHOES);
    world.at(0);
    assert_eq!(world.lines().len(), 1);
}

#[test]
fn a_state_is_asked_for_only_when_a_line_is_written() {
    let world = world(5_000);
    let breaker = |metrics: &Metrics| metrics.measure(Metric::BreakerOpen, Dimensions::NONE, 1.0);
    world.metrics.finish(breaker);
    assert_eq!(world.lines()[0]["BreakerOpen"], 1);
    world.metrics.finish(|_| panic!("it is not time yet"));
}

#[test]
fn a_line_has_at_most_a_hundred_values_of_a_metric_and_every_other_metric_once() {
    let world = world(0);
    for value in 0..250 {
        world.metrics.measure(Metric::LeaseWait, SHOES, f64::from(value));
    }
    world.metrics.count(Metric::Hit, SHOES);
    world.at(0);
    let lines = world.lines();
    let values: Vec<_> = lines.iter().map(|line| line["LeaseWait"].as_array().unwrap().len()).collect();
    assert_eq!(values, [100, 100, 50]);
    let counted: Vec<_> = lines.iter().filter(|line| line.get("Hit").is_some()).collect();
    assert_eq!(counted.len(), 1, "a count that is written twice is counted twice");
    assert_eq!(lines[2]["LeaseWait"][49], 249);
    assert_eq!(lines[1]["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_off_measures_nothing() {
    let metrics = Metrics::off();
    metrics.count(Metric::Hit, SHOES);
    metrics.finish(|_| panic!("nothing is written"));
    assert!(metrics.gathered.lock().unwrap().series.is_empty());
}

#[test]
fn settings_are_read_by_name() {
    let read = |set: &'static [(&'static str, &'static str)]| {
        let look_up = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
        let mut settings = crate::Settings::new(&look_up);
        let metrics = MetricsSettings::read_gathering(&mut settings, "read-api");
        settings.finish(|| Some(metrics)).map_err(|error| error.to_string())
    };
    let default =
        MetricsSettings { on: true, every: Duration::from_secs(5), function: "read-api".to_owned() };
    assert_eq!(read(&[]), Ok(default));
    let off = read(&[("METRICS", "off"), ("AWS_LAMBDA_FUNCTION_NAME", "x"), ("METRICS_SECONDS", "60")]);
    assert_eq!(
        off,
        Ok(MetricsSettings { on: false, every: Duration::from_secs(60), function: "x".to_owned() })
    );
    assert!(read(&[("METRICS", "statsd")]).unwrap_err().contains("one of emf, off"));
    assert!(read(&[("METRICS_SECONDS", "301")]).unwrap_err().contains("0 to 300"));
}

#[test]
fn every_metric_has_a_name_of_its_own() {
    let mut names: Vec<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((names.len(), Metric::BehindBy.name()), (Metric::ALL.len(), "BehindBy"));
}
