//! How long after a write the cache and the edge know of it, in the local stack.
//!
//! Writes go to one product after the other, in turn straight to the table (as a program would that knows nothing of the
//! cache) and through the write API. All times begin when the write's first byte is sent and are taken on one clock:
//!
//! - **answered**: when the writer has its answer;
//! - **read from the stream**: when the event source mapping has the record, which asks every 250 ms. It says so itself, in whole
//!   milliseconds;
//! - **floor**: when a reader of Valkey gets the new floor (see [`Floors`]);
//! - **gone from the edge**: when the edge has thrown out the answer it held, which it says itself. The messages of a second are
//!   gathered for one invocation; that time begins with the first of them, and is taken off where it says so.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::clock::{unix_ms, unix_us};
use crate::floors::{Floors, Seen};
use crate::http::{Connection, Message, request};
use crate::machine::every_core;
use crate::report::{Row, Table};
use crate::samples::Samples;
use crate::stack::{Endpoints, Parts, Stack, products};

/// Writes in one stack.
const WRITES: usize = 200;
/// The mean time between two of them. Where in its interval a write comes, turns evenly, so that the poll is met everywhere.
const PACE: Duration = Duration::from_millis(150);
/// Between two looks at what is due.
const PAUSE: Duration = Duration::from_millis(1);
/// How long a change may take to the edge before it is given up.
const PATIENCE_US: u64 = 15_000_000;
/// After so long a change is expected to be at the edge, and is asked for.
const EXPECTED_US: u64 = 2_500_000;
/// `MaximumBatchingWindowInSeconds` of the edge's queue, in milliseconds.
const WINDOW_MS: u64 = 1_000;

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// A program that knows only the table.
    Direct,
    /// The write API.
    Api,
}

/// A write and what became of it; times in microseconds since the epoch.
#[derive(Debug, Clone)]
struct Write {
    writer: Writer,
    id: String,
    version: u64,
    sent: u64,
    answered: u64,
    way: Option<Way>,
}

/// A change's way to the edge, in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    streamed: u64,
    queued: u64,
    purged: u64,
    /// The invocation that purged it.
    purge: String,
}

/// What the stack tells of a change; `cargo xtask trace` shows the same.
#[derive(Deserialize)]
struct Account {
    rows: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    at_ms: u64,
    step: String,
    by: String,
    request_id: String,
}

/// Writes in one stack after the other, `times` of them: in a stack that has purged much, a purge reaches whole categories.
pub async fn measure(parts: &Parts, times: usize) -> Result<Table, String> {
    let _cores = every_core()?;
    let (mut writes, mut seen, mut behind) = (Vec::new(), Vec::new(), 0);
    for _ in 0..times {
        let stack = Stack::start(parts).await?;
        let floors = Floors::watch(&stack.endpoints.cache)?;
        let (written, old) = Doors::of(&stack.endpoints).writes()?;
        seen.extend(floors.end()?);
        stack.stop().await;
        writes.extend(written);
        behind += old;
    }
    table(&writes, &seen, behind)
}

/// Where writes are sent and what they do is looked at.
struct Doors {
    table: String,
    dynamodb: Connection,
    api: Connection,
    edge: Connection,
    observe: Connection,
}

impl Doors {
    fn of(endpoints: &Endpoints) -> Doors {
        Doors {
            table: endpoints.table.clone(),
            dynamodb: Connection::to(&endpoints.dynamodb),
            api: Connection::to(&endpoints.api),
            edge: Connection::to(&endpoints.edge),
            observe: Connection::to(&endpoints.observe),
        }
    }

    /// The writes of one stack, and after how many of them the edge still answered with an older version.
    fn writes(&mut self) -> Result<(Vec<Write>, usize), String> {
        let products = products();
        let (mut writes, mut settled, mut behind): (Vec<Write>, usize, usize) = (Vec::new(), 0, 0);
        let began = unix_us();
        while settled < WRITES {
            // Decides when a write is sent and when its way is asked for, never what is measured.
            std::thread::sleep(PAUSE);
            let turn = writes.len();
            if turn < WRITES && unix_us() >= began + arrival(turn) {
                let writer = if turn % 2 == 0 { Writer::Direct } else { Writer::Api };
                writes.push(self.write(&products[turn % products.len()], writer, turn)?);
            }
            let Some(write) = writes.get_mut(settled) else { continue };
            let age = unix_us() - write.sent;
            if age > EXPECTED_US {
                write.way = self.way(write)?;
                if write.way.is_some() || age > PATIENCE_US {
                    behind += usize::from(self.at_edge(&write.id)? < write.version);
                    settled += 1;
                }
            }
        }
        Ok((writes, behind))
    }

    /// One write, of a product that the edge holds.
    fn write(&mut self, id: &str, writer: Writer, turn: usize) -> Result<Write, String> {
        self.at_edge(id)?;
        let price = 1_000 + turn;
        let direct = unix_ms();
        let (connection, request) = match writer {
            Writer::Direct => (&mut self.dynamodb, update_item(&self.table, id, price, direct)),
            Writer::Api => (&mut self.api, patch(id, price)),
        };
        let sent = unix_us();
        let answer = connection.exchange(&request).map_err(|error| format!("a write of {id}: {error}"))?;
        let answered = unix_us();
        let version = match (answer.status(), writer) {
            (200, Writer::Direct) => direct,
            (200, Writer::Api) => version(&answer),
            _ => {
                return Err(format!(
                    "a write of {id}: {} {}",
                    answer.first,
                    String::from_utf8_lossy(&answer.body)
                ));
            }
        };
        Ok(Write { writer, id: id.to_owned(), version, sent, answered, way: None })
    }

    /// The version a viewer gets.
    fn at_edge(&mut self, id: &str) -> Result<u64, String> {
        let get = request("GET", &format!("/api/products/{id}"), &[], "");
        let answer = self.edge.exchange(&get).map_err(|error| format!("the edge: {error}"))?;
        match answer.status() {
            200 => Ok(version(&answer)),
            _ => Err(format!("the edge answered {} for {id}", answer.first)),
        }
    }

    fn way(&mut self, write: &Write) -> Result<Option<Way>, String> {
        let get = request("GET", &format!("/trace?id={}@{}", write.id, write.version), &[], "");
        let answer = self.observe.exchange(&get).map_err(|error| format!("the stack's account: {error}"))?;
        let accounts: Vec<Account> =
            serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        Ok(accounts.first().and_then(Way::of))
    }
}

impl Way {
    /// `None` while the change is on its way.
    fn of(account: &Account) -> Option<Way> {
        let row = |step: &str, by: &str| account.rows.iter().find(|row| row.step == step && row.by == by);
        Some(Way {
            streamed: row("streamed", "stream")?.at_ms,
            queued: row("queued", "bus")?.at_ms,
            purged: row("purged", "edge")?.at_ms,
            purge: row("purged", "edge-invalidator")?.request_id.clone(),
        })
    }
}

/// When a write is due, in microseconds from the beginning.
fn arrival(turn: usize) -> u64 {
    // The golden ratio spreads any number of points evenly.
    let within = (turn as f64 * 0.618_033_988_749_895).fract();
    ((turn as f64 + within) * PACE.as_micros() as f64) as u64
}

fn version(answer: &Message) -> u64 {
    answer.header("x-cache-version").parse().unwrap_or(0)
}

fn update_item(table: &str, id: &str, price: usize, version: u64) -> Vec<u8> {
    let body = json!({
        "TableName": table,
        "Key": { "id": { "S": id } },
        "UpdateExpression": "SET price_cents = :p, version = :v",
        "ExpressionAttributeValues": { ":p": { "N": price.to_string() }, ":v": { "N": version.to_string() } },
    });
    let headers = [
        ("x-amz-target", "DynamoDB_20120810.UpdateItem"),
        ("content-type", "application/x-amz-json-1.0"),
        // Asked for and not checked.
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        ),
        ("x-amz-date", "20260101T000000Z"),
    ];
    request("POST", "/", &headers, &body.to_string())
}

fn patch(id: &str, price: usize) -> Vec<u8> {
    let headers = [("if-match", "*"), ("content-type", "application/merge-patch+json")];
    let body = json!({ "price_cents": price }).to_string();
    request("PATCH", &format!("/api/admin/products/{id}"), &headers, &body)
}

fn table(writes: &[Write], seen: &[Seen], behind: usize) -> Result<Table, String> {
    let mut opened: HashMap<&str, u64> = HashMap::new();
    for way in writes.iter().filter_map(|write| write.way.as_ref()) {
        let first = opened.entry(&way.purge).or_insert(way.queued);
        *first = way.queued.min(*first);
    }
    let mut table = Table::new(
        "Lag",
        format!(
            "{} writes in the local stack, one every {} ms, each of a product the edge holds; from the write's first byte. The stream is polled every 250 ms, the edge's queue gathers for 1 s from its first message on. The stack notes whole milliseconds, so what lies beyond a poll is up to 1 ms less. A viewer was answered with an older version after the purge: {behind} times.",
            writes.len(),
            PACE.as_millis()
        ),
        &["from a write to …", "p50 ms", "p99 ms", "max ms", "n"],
    );
    for (writer, name) in [(Writer::Direct, "direct write"), (Writer::Api, "write API")] {
        let mut lags = Lags::default();
        for write in writes.iter().filter(|write| write.writer == writer) {
            lags.take(write, floor_at(seen, write), &opened);
        }
        if lags.floor.is_empty() || lags.gone.is_empty() {
            return Err(format!("no {name} was seen in the cache and at the edge"));
        }
        let mut row = |what: &str, samples: &Samples| {
            let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| samples.quantile(share) / 1e3);
            table.push(Row::new(format!("{name}: {what}"), vec![p50, p99, max, samples.len() as f64]));
        };
        row("answered", &lags.answered);
        row("read from the stream (the poll)", &lags.streamed);
        row("floor in Valkey", &lags.floor);
        if writer == Writer::Direct {
            row("floor in Valkey, beyond the poll", &lags.floor_beyond);
        }
        row("gone from the edge", &lags.gone);
        row("gone from the edge, beyond poll and gathering", &lags.gone_beyond);
    }
    Ok(table)
}

/// When a reader first had the floor of a write.
fn floor_at(seen: &[Seen], write: &Write) -> Option<u64> {
    let has = |seen: &&Seen| seen.id == write.id && seen.floor >= write.version && seen.at_us >= write.sent;
    seen.iter().find(has).map(|seen| seen.at_us)
}

/// The times of one writer's writes.
#[derive(Default)]
struct Lags {
    answered: Samples,
    streamed: Samples,
    floor: Samples,
    floor_beyond: Samples,
    gone: Samples,
    gone_beyond: Samples,
}

impl Lags {
    fn take(&mut self, write: &Write, floor: Option<u64>, opened: &HashMap<&str, u64>) {
        let micros = |from: u64, to: u64| Duration::from_micros(to.saturating_sub(from));
        self.answered.push(micros(write.sent, write.answered));
        if let Some(floor) = floor {
            self.floor.push(micros(write.sent, floor));
        }
        let Some(way) = &write.way else { return };
        self.streamed.push(micros(write.sent, way.streamed * 1_000));
        self.gone.push(micros(write.sent, way.purged * 1_000));
        if let Some(floor) = floor {
            self.floor_beyond.push(micros(way.streamed * 1_000, floor));
        }
        if let Some(opened) = opened.get(way.purge.as_str()) {
            let to_queue = way.queued.saturating_sub(way.streamed);
            let from_gathered = way.purged.saturating_sub(opened + WINDOW_MS);
            self.gone_beyond.push(Duration::from_millis(to_queue + from_gathered));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(id: &str, sent: u64, way: Way) -> Write {
        Write {
            writer: Writer::Direct,
            id: id.to_owned(),
            version: 7,
            sent,
            answered: sent + 500,
            way: Some(way),
        }
    }

    #[test]
    fn gathering_is_counted_from_the_first_message_of_the_purge() {
        let way = |streamed, queued| Way { streamed, queued, purged: 1_130, purge: "r-1".to_owned() };
        let writes = [write("a", 10_000, way(100, 104)), write("b", 300_000, way(600, 606))];
        let seen = [
            Seen { id: "a".to_owned(), floor: 6, at_us: 90_000 },
            Seen { id: "a".to_owned(), floor: 7, at_us: 103_000 },
        ];
        let opened = HashMap::from([("r-1", 104)]);
        let mut lags = Lags::default();
        for write in &writes {
            lags.take(write, floor_at(&seen, write), &opened);
        }
        assert_eq!((lags.floor.quantile(1.0), lags.floor_beyond.quantile(1.0)), (93_000.0, 3_000.0));
        // 4 and 6 ms to the queue, 26 ms from the end of the gathering to the purge.
        assert_eq!((lags.gone_beyond.quantile(0.0), lags.gone_beyond.quantile(1.0)), (30_000.0, 32_000.0));
        assert_eq!((lags.floor.len(), lags.gone.len(), lags.gone.quantile(1.0)), (1, 2, 1_120_000.0));
    }

    #[test]
    fn a_change_has_come_to_the_edge_when_every_step_is_known() {
        let step = |step: &str, by: &str, at_ms| json!({"at_ms": at_ms, "step": step, "by": by, "request_id": "r-1", "note": ""});
        let mut rows = vec![
            step("streamed", "stream", 1),
            step("queued", "bus", 2),
            step("purged", "edge-invalidator", 9),
        ];
        let way =
            |rows: &[serde_json::Value]| Way::of(&serde_json::from_value(json!({ "rows": rows })).unwrap());
        assert_eq!(way(&rows), None);
        rows.push(step("purged", "edge", 8));
        assert_eq!(way(&rows), Some(Way { streamed: 1, queued: 2, purged: 8, purge: "r-1".to_owned() }));
    }

    #[test]
    fn writes_meet_the_poll_everywhere() {
        let mut phases: Vec<_> = (0..50).map(|turn| arrival(turn) % 250_000).collect();
        phases.sort_unstable();
        let widest = phases.windows(2).map(|two| two[1] - two[0]).max().unwrap();
        assert!(widest < 30_000, "{phases:?}");
        assert!((1..200).all(|turn| arrival(turn) > arrival(turn - 1)));
    }
}
