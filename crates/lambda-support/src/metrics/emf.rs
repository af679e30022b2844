//! The embedded metric format: a JSON object whose `_aws` says which of its members are metrics.

use serde_json::{Map, Value, json};

use super::dimensions::Dimensions;
use super::gathered::{Gathered, Series};
use super::names::Kind;

/// The namespace of every metric.
pub const NAMESPACE: &str = "Tidemark";
/// The most values of one metric in one line (EMF's limit).
const MAX_VALUES: usize = 100;

/// The lines of what was gathered: one for each set of dimensions, more where a distribution has many values.
pub(super) fn lines(function: &str, now: u64, gathered: Gathered) -> String {
    let mut rest = gathered.series;
    let mut lines = String::new();
    while let Some(dimensions) = rest.first().map(|series| series.dimensions) {
        let (mut together, others) = rest.into_iter().partition(|series| series.dimensions == dimensions);
        rest = others;
        while !Vec::is_empty(&together) {
            lines.push_str(&line(function, now, dimensions, &together));
            lines.push('\n');
            together.retain_mut(|series| {
                series.values.drain(..series.values.len().min(MAX_VALUES));
                !series.values.is_empty()
            });
        }
    }
    lines
}

fn line(function: &str, now: u64, dimensions: Dimensions, together: &[Series]) -> String {
    let alone = json!(["FunctionName"]);
    let names: Vec<_> =
        std::iter::once("FunctionName").chain(dimensions.pairs().map(|(name, _)| name)).collect();
    let sets = if names.len() > 1 { json!([names, alone]) } else { json!([alone]) };
    let metrics: Vec<_> = together
        .iter()
        .map(|series| json!({ "Name": series.metric.name(), "Unit": series.metric.unit().as_str() }))
        .collect();
    let directive = json!({ "Namespace": NAMESPACE, "Dimensions": sets, "Metrics": metrics });
    let mut line = Map::new();
    line.insert("_aws".to_owned(), json!({ "Timestamp": now, "CloudWatchMetrics": [directive] }));
    line.insert("FunctionName".to_owned(), json!(function));
    line.extend(dimensions.pairs().map(|(name, value)| (name.to_owned(), json!(value))));
    line.extend(together.iter().map(|series| (series.metric.name().to_owned(), value(series))));
    Value::Object(line).to_string()
}

/// A number, or a list of them.
fn value(series: &Series) -> Value {
    match (series.metric.kind(), series.values.as_slice()) {
        (Kind::Distribution, values) => values.iter().take(MAX_VALUES).copied().map(number).collect(),
        (_, values) => number(values.first().copied().unwrap_or_default()),
    }
}

/// To the thousandth, and without a fraction where there is none.
fn number(value: f64) -> Value {
    let rounded = (value * 1000.0).round() / 1000.0;
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 { json!(rounded as i64) } else { json!(rounded) }
}
