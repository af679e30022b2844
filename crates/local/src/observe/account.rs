//! One change on its way, from what is kept of it.

use serde::{Deserialize, Serialize};

use super::journal::{Journal, Line};
use crate::journey::Step;

/// At most so many changes are told of one trace.
const MAX_CHANGES: usize = 20;
/// At most so many rows of one change: an answer at the edge may be stored again and again.
const MAX_ROWS: usize = 60;

/// What is to be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The last change of a product.
    Product(String),
    /// One change.
    Change(String, u64),
    /// The changes an invocation wrote or published.
    Trace(String),
}

/// One change on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The product.
    pub product: String,
    /// The version; zero: deleted, or without one.
    pub version: u64,
    /// What happened, in order.
    pub rows: Vec<Row>,
}

/// One thing that happened to a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
    /// `written`, `streamed`, `floor`, `told`, `published`, `queued`, `waiting`, `purged` or `stored`.
    pub step: String,
    /// Who did it, as far as is known.
    pub by: String,
    /// The invocation that did it; empty if it was none, or none is known.
    pub request_id: String,
    /// Its trace.
    pub trace_id: String,
    /// The event, from the bus on.
    pub event_id: String,
    /// What else there is to say.
    pub note: String,
}

impl Wanted {
    /// Reads `product`, `product@version`, or a trace id such as `1-67891233-abcdef012345678912345678`, also with `Root=`
    /// before it and what follows it in a header.
    pub fn read(text: &str) -> Wanted {
        let root = text.split(';').find_map(|part| part.trim().strip_prefix("Root=")).unwrap_or(text);
        let parts: Vec<_> = root.split('-').collect();
        let hex = |part: &str, len| part.len() == len && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if let ["1", time, unique] = parts.as_slice()
            && hex(time, 8)
            && hex(unique, 24)
        {
            return Wanted::Trace(root.to_owned());
        }
        match text.rsplit_once('@').and_then(|(id, digits)| Some((id, digits.parse().ok()?))) {
            Some((id, version)) => Wanted::Change(id.to_owned(), version),
            None => Wanted::Product(text.to_owned()),
        }
    }
}

/// What is known of it, newest change first; empty if nothing is.
pub fn accounts(journal: &Journal, wanted: &Wanted) -> Vec<Account> {
    let changes = match wanted {
        Wanted::Change(product, version) => vec![(product.clone(), *version)],
        Wanted::Product(product) => last_change(journal, product).into_iter().collect(),
        Wanted::Trace(trace) => changes_of(journal, trace),
    };
    let accounts = changes.into_iter().map(|(product, version)| account(journal, product, version));
    accounts.filter(|account| !account.rows.is_empty()).collect()
}

fn last_change(journal: &Journal, product: &str) -> Option<(String, u64)> {
    let steps = journal.steps(product);
    let last = steps.iter().rev().find(|step| matches!(step.step, "streamed" | "written"));
    let version = match last {
        Some(step) => step.version,
        None => journal.lines(|line| line.change().is_some_and(|(id, _)| id == product)).last()?.change()?.1,
    };
    Some((product.to_owned(), version))
}

fn changes_of(journal: &Journal, trace: &str) -> Vec<(String, u64)> {
    let of = |line: &Line| line.text("trace_id") == trace || line.text("upstream_trace_id") == trace;
    let mut changes: Vec<(String, u64)> = Vec::new();
    for line in journal.lines(of).iter().rev() {
        if let Some((product, version)) = line.change()
            && !changes.iter().any(|(id, known)| id == product && *known == version)
            && changes.len() < MAX_CHANGES
        {
            changes.push((product.to_owned(), version));
        }
    }
    changes
}

fn account(journal: &Journal, product: String, version: u64) -> Account {
    let lines = journal.lines(|line| line.change() == Some((product.as_str(), version)));
    let steps = journal.steps(&product);
    let mut rows: Vec<Row> = lines.iter().filter(|line| !line.text("step").is_empty()).map(said).collect();
    for step in steps.iter().filter(|step| step.version == version && step.step != "stored") {
        happened(&mut rows, step);
    }
    // What is stored may be newer already: then it is this change's end all the same.
    let begun = rows.iter().map(|row| row.at_ms).min();
    let stored = |step: &&Step| {
        step.step == "stored" && step.version >= version && begun.is_some_and(|begun| step.at_ms >= begun)
    };
    if let Some(step) = steps.iter().find(stored) {
        let note = match step.version > version {
            true => format!("as version {}", step.version),
            false => String::new(),
        };
        rows.push(Row { note, ..row(step, "edge") });
    }
    rows.sort_by_key(|row| (row.at_ms, order(&row.step)));
    rows.truncate(MAX_ROWS);
    Account { product, version, rows }
}

/// A row of what a function said.
fn said(line: &Line) -> Row {
    let note = match line.text("step") {
        "written" if line.fields.get("told") == Some(&false.into()) => {
            format!("{}; the cache was not told, the stream will", line.text("change"))
        }
        "written" => line.text("change").to_owned(),
        "waiting" => line.text("reason").to_owned(),
        "purged" => format!("by {}", line.text("by")),
        _ => String::new(),
    };
    Row {
        at_ms: line.at_ms,
        step: line.text("step").to_owned(),
        by: line.function.clone(),
        request_id: line.text("request_id").to_owned(),
        trace_id: line.text("trace_id").to_owned(),
        event_id: line.text("event_id").to_owned(),
        note,
    }
}

/// Adds what was seen from outside. What a function said of the same step tells who; what was seen tells when.
fn happened(rows: &mut Vec<Row>, step: &Step) {
    match step.step {
        "written" | "published" => match rows.iter_mut().find(|row| row.step == step.step) {
            Some(known) => known.at_ms = step.at_ms.min(known.at_ms),
            None => rows.push(row(step, "")),
        },
        "purged" => rows.push(Row { note: "gone from the edge".to_owned(), ..row(step, "edge") }),
        "floor" => rows.push(row(step, "cache")),
        "streamed" => rows.push(row(step, "stream")),
        "queued" => rows.push(row(step, "bus")),
        _ => rows.push(row(step, "")),
    }
}

fn row(step: &Step, by: &str) -> Row {
    let by = if by.is_empty() && step.step == "written" { "another program" } else { by };
    Row { at_ms: step.at_ms, step: step.step.to_owned(), by: by.to_owned(), ..Row::default() }
}

/// The order of what happened within one millisecond.
fn order(step: &str) -> usize {
    let steps =
        ["written", "floor", "streamed", "told", "published", "queued", "waiting", "purged", "stored"];
    steps.iter().position(|known| *known == step).unwrap_or(steps.len())
}

#[cfg(test)]
mod tests;
