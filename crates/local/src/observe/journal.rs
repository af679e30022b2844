//! The last log lines and steps.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use cache::{Clock, SystemClock};
use local_lambda::LogLine;
use serde_json::Value;

use crate::journey::Step;

/// How many lines, and how many steps, are kept: the oldest go first.
pub const KEPT: usize = 20_000;

/// What was said and what happened lately.
#[derive(Debug, Default)]
pub struct Journal {
    lines: Mutex<VecDeque<Line>>,
    steps: Mutex<VecDeque<Step>>,
}

/// A line a function wrote about a change, or within an invocation.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
    /// Who.
    pub function: String,
    /// Its fields: `lambda_support::logs` has the list.
    pub fields: Value,
}

impl Line {
    /// A field that is a text; empty if there is none.
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// The change it is about.
    pub fn change(&self) -> Option<(&str, u64)> {
        Some((self.fields.get("product")?.as_str()?, self.fields.get("version")?.as_u64()?))
    }
}

impl Journal {
    /// Keeps a line, if it is one of a function's log: JSON with a level. Metrics have none.
    pub fn say(&self, line: &LogLine) {
        let Ok(fields) = serde_json::from_str::<Value>(&line.line) else { return };
        if fields.get("level").is_none() {
            return;
        }
        let written = fields.get("timestamp").and_then(Value::as_str).and_then(millis);
        let at_ms = written.unwrap_or_else(|| SystemClock.now());
        keep(&self.lines, Line { at_ms, function: line.function.to_string(), fields });
    }

    /// Keeps a step.
    pub fn step(&self, step: Step) {
        keep(&self.steps, step);
    }

    /// An event went into queues.
    pub fn queued(&self, event: &Value) {
        let detail = &event["detail"];
        if let (Some(id), Some(version)) = (detail["id"].as_str(), detail["version"].as_u64()) {
            let (id, at_ms) = (id.to_owned(), SystemClock.now());
            self.step(Step { at_ms, step: "queued", id, version });
        }
    }

    /// The lines that `wanted` picks, oldest first.
    pub fn lines(&self, wanted: impl Fn(&Line) -> bool) -> Vec<Line> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| wanted(line)).cloned().collect()
    }

    /// The steps of one product, in the order they were reported.
    pub fn steps(&self, product: &str) -> Vec<Step> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.iter().filter(|step| step.id == product).cloned().collect()
    }
}

fn keep<T>(kept: &Mutex<VecDeque<T>>, new: T) {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}

fn millis(timestamp: &str) -> Option<u64> {
    u64::try_from(timestamp.parse::<jiff::Timestamp>().ok()?.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use local_lambda::LogStream;

    fn line(text: &str) -> LogLine {
        LogLine { function: "f".into(), environment: 1, stream: LogStream::Stdout, line: text.to_owned() }
    }

    #[test]
    fn lines_of_the_log_are_kept_with_their_own_time_and_others_are_not() {
        let journal = Journal::default();
        journal.say(&line(
            r#"{"timestamp":"1970-01-01T00:00:01.500000Z","level":"INFO","product":"b","version":7}"#,
        ));
        journal.say(&line(r#"{"_aws":{},"Hit":1}"#));
        journal.say(&line("thread 'main' panicked"));
        let lines = journal.lines(|_| true);
        assert_eq!((lines.len(), lines[0].at_ms, lines[0].change()), (1, 1_500, Some(("b", 7))));
    }

    #[test]
    fn the_oldest_go_first() {
        let journal = Journal::default();
        for version in 0..=KEPT as u64 {
            journal.step(Step { at_ms: 1, step: "floor", id: "b".to_owned(), version });
        }
        let steps = journal.steps("b");
        assert_eq!((steps.len(), steps[0].version), (KEPT, 1));
    }
}
