//! What was measured since the last line.

use super::dimensions::Dimensions;
use super::names::{Kind, Metric};

/// What was measured since the last line: a dozen series at most, so a search through all of them is the fastest.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) series: Vec<Series>,
}

/// One metric with one set of dimensions.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) metric: Metric,
    pub(super) dimensions: Dimensions,
    /// One value, unless the metric is a distribution.
    pub(super) values: Vec<f64>,
}

impl Gathered {
    pub(super) fn add(&mut self, metric: Metric, dimensions: Dimensions, value: f64) {
        let known =
            self.series.iter_mut().find(|series| series.metric == metric && series.dimensions == dimensions);
        let Some(series) = known else {
            return self.series.push(Series { metric, dimensions, values: vec![value] });
        };
        match (metric.kind(), series.values.as_mut_slice()) {
            (Kind::Count, [sum]) => *sum += value,
            (Kind::State, [state]) => *state = value,
            _ => series.values.push(value),
        }
    }
}
