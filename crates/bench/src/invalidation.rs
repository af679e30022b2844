//! Stream records through `stream-invalidator`: into a real Valkey or Redis, and on to an event bus that takes everything.
//!
//! Every product is in the cache: where nothing is, there is no floor to raise. Each invocation raises the floors higher than
//! the one before, and publishes one event for each product it names. It is timed from the event's first byte to the answer's last one: reading the batch is part of the work. An invocation that
//! reports a failure, publishes too little or leaves a floor behind ends the measurement.

use std::path::Path;
use std::time::Duration;

use crate::bus::Bus;
use crate::clock::now;
use crate::floors::{connect, floor, key};
use crate::function::{Function, Start};
use crate::report::{Row, Table};
use crate::samples::Samples;
use crate::seed::{PRESENT, seed};
use crate::server::Server;

/// What every record is made of.
const SAMPLE: &str = include_str!("../../../events/stream-invalidator/modify.json");
/// Attributes without which a record is so small that 10,000 of them are within the 6 MB of one invocation.
const OPTIONAL: [&str; 6] = ["attributes", "currency", "description", "name", "price_cents", "updated_at"];
/// The size of the bodies in the cache, in bytes.
const BYTES: usize = 1_000;
/// The version in the cache; each invocation has a higher one.
const FIRST: u64 = 1_790_000_000_000;
/// Records of one table row, as far as the numbers below allow.
const RECORDS: usize = 20_000;
/// The fewest and the most invocations of a row, without those that warm it.
const INVOCATIONS: (usize, usize) = (5, 400);
/// Invocations before the first one that counts.
const WARM: usize = 2;

/// One kind of batch.
struct Batch {
    name: &'static str,
    records: usize,
    /// How many products they change, in turn.
    products: usize,
    /// Rows as in the sample event, or the smallest there are.
    whole: bool,
}

const BATCHES: [Batch; 6] = [
    Batch { name: "1 record", records: 1, products: 1, whole: false },
    Batch { name: "100 records", records: 100, products: 100, whole: false },
    Batch { name: "1,000 records", records: 1_000, products: 1_000, whole: false },
    Batch { name: "10,000 records", records: 10_000, products: 10_000, whole: false },
    Batch { name: "1,000 records of larger rows", records: 1_000, products: 1_000, whole: true },
    Batch { name: "10,000 records of 100 products", records: 10_000, products: 100, whole: false },
];

/// Measures every kind of batch, `times` as often as is usual.
pub async fn measure(binaries: &Path, times: usize) -> Result<Table, String> {
    let server = Server::start().await?;
    let bus = Bus::start().map_err(|error| format!("the event bus: {error}"))?;
    let start = Start::new(binaries.join("stream-invalidator").to_string_lossy())
        .with("EVENT_BUS_NAME", "tidemark")
        .with("AWS_ENDPOINT_URL_EVENTBRIDGE", &bus.url)
        .with("TELL_TIMEOUT_MS", "5000");
    let mut function = start.run(&server.url()).await?;
    let mut table = Table::new(
        "Invalidation",
        format!(
            "Stream records through stream-invalidator, one batch at a time; Runtime API host, function, {} and an event bus that takes everything at once on one core. Each record raises the floor of a product of its own, which is in the cache with a body of 1 KB, and publishes an event; in the last row 100 records share one. Median of the invocations. The table's rows have an id, a category and a version, the larger ones all a product has.",
            server.version
        ),
        &["batch", "records/s", "ms per invocation", "µs per record", "events published", "KB"],
    );
    let mut cache = connect(&server.url())?;
    seed(&server, BYTES).await?;
    let most = BATCHES.iter().map(|batch| batch.products).max().unwrap_or(0);
    copy(&mut cache, most)?;
    let mut version = FIRST;
    for batch in &BATCHES {
        let template = Template::new(batch.whole)?;
        let mut samples = Samples::default();
        let mut bytes = 0;
        let invocations = (RECORDS / batch.records).clamp(INVOCATIONS.0, INVOCATIONS.1) * times;
        for turn in 0..WARM + invocations {
            version += 1;
            let event = template.event(batch, version);
            bytes = event.len();
            let published = bus.taken();
            let time = invoke(&mut function, &event).map_err(|error| format!("{}: {error}", batch.name))?;
            if bus.taken() - published != batch.products as u64 {
                return Err(format!("{}: {} events were published", batch.name, bus.taken() - published));
            }
            if turn >= WARM {
                samples.push(time);
            }
        }
        let floor = floor(&mut cache, &key(&product(batch.products - 1))?)?;
        if floor != Some(version) {
            return Err(format!("{}: the last floor is {floor:?}, not {version}", batch.name));
        }
        let micros = samples.quantile(0.5);
        let records = batch.records as f64;
        table.push(Row::new(
            batch.name,
            vec![
                records / micros * 1e6,
                micros / 1e3,
                micros / records,
                batch.products as f64,
                bytes as f64 / 1e3,
            ],
        ));
    }
    Ok(table)
}

fn invoke(function: &mut Function, event: &[u8]) -> Result<Duration, String> {
    function.host.first_poll().map_err(|error| error.to_string())?;
    let began = now();
    let (_, answer) = function.host.invoke(event).map_err(|error| error.to_string())?;
    let time = began.elapsed();
    match answer.as_slice() {
        br#"{"batchItemFailures":[]}"# => Ok(time),
        other => Err(format!("it answered {}", String::from_utf8_lossy(other))),
    }
}

/// Puts the product that is in the cache there under other names as well.
fn copy(cache: &mut redis::Connection, products: usize) -> Result<(), String> {
    let present = key(PRESENT)?;
    let mut copies = redis::pipe();
    for number in 0..products {
        copies.cmd("COPY").arg(&present).arg(key(&product(number))?).ignore();
    }
    copies.query(cache).map_err(|error| error.to_string())
}

fn product(number: usize) -> String {
    format!("p-{number:05}")
}

/// A record with gaps for what differs.
struct Template(String);

impl Template {
    fn new(whole: bool) -> Result<Template, String> {
        let mut sample: serde_json::Value =
            serde_json::from_str(SAMPLE).map_err(|error| error.to_string())?;
        let mut record = sample["Records"][0].take();
        for image in ["NewImage", "OldImage"] {
            let row = &mut record["dynamodb"][image];
            row["id"]["S"] = "<id>".into();
            if let Some(row) = row.as_object_mut().filter(|_| !whole) {
                row.retain(|name, _| !OPTIONAL.contains(&name.as_str()));
            }
        }
        record["dynamodb"]["Keys"]["id"]["S"] = "<id>".into();
        record["dynamodb"]["NewImage"]["version"]["N"] = "<new>".into();
        record["dynamodb"]["OldImage"]["version"]["N"] = "<old>".into();
        record["dynamodb"]["SequenceNumber"] = "<number>".into();
        Ok(Template(record.to_string()))
    }

    fn event(&self, batch: &Batch, version: u64) -> Vec<u8> {
        let records = (0..batch.records).map(|place| {
            let number = format!("{:028}", (version - FIRST) * 10_000 + place as u64);
            self.0
                .replace("<id>", &product(place % batch.products))
                .replace("<new>", &version.to_string())
                .replace("<old>", &(version - 1).to_string())
                .replace("<number>", &number)
        });
        format!(r#"{{"Records":[{}]}}"#, records.collect::<Vec<_>>().join(",")).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_batch_names_its_products_in_turn_and_the_largest_fits_into_one_invocation() {
        let batch = Batch { name: "", records: 5, products: 2, whole: true };
        let event: Value =
            serde_json::from_slice(&Template::new(true).unwrap().event(&batch, FIRST + 7)).unwrap();
        let records = event["Records"].as_array().unwrap();
        let ids: Vec<_> =
            records.iter().map(|r| r["dynamodb"]["Keys"]["id"]["S"].as_str().unwrap()).collect();
        assert_eq!(ids, ["p-00000", "p-00001", "p-00000", "p-00001", "p-00000"]);
        assert_eq!(records[4]["dynamodb"]["NewImage"]["version"], json!({"N": (FIRST + 7).to_string()}));
        assert_eq!(records[4]["dynamodb"]["OldImage"]["version"], json!({"N": (FIRST + 6).to_string()}));
        let largest = Template::new(false).unwrap().event(&BATCHES[3], FIRST + 1);
        assert!(largest.len() < 6 * 1024 * 1024, "{}", largest.len());
    }
}
