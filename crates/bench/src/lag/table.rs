//! What is said of the writes.

use std::collections::HashMap;
use std::time::Duration;

use super::{PACE, Write, Writer};
use crate::floors::Seen;
use crate::report::{Row, Table};
use crate::samples::Samples;

/// `MaximumBatchingWindowInSeconds` of the edge's queue, in milliseconds.
const WINDOW_MS: u64 = 1_000;

/// The table of these writes, with the floors that were seen meanwhile, and how often the edge was behind its purge.
pub fn table(writes: &[Write], seen: &[Seen], behind: usize) -> Result<Table, String> {
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
    use crate::lag::Way;

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
}
