//! One invocation, in several ways, interleaved on one core.
//!
//! All functions are started and warmed; then, round after round with the order turning, each gets its invocations. The
//! median of the rounds' medians is reported, as a multiple of the floor's.

use std::path::Path;

use serde_json::Value;

use crate::function::Start;
use crate::report::{Row, Table};
use crate::samples::{Samples, median};
use crate::seed::{ABSENT, PRESENT, seed};
use crate::server::Server;

/// What every request is made of: a request through the edge, as API Gateway hands it on.
const EVENT: &str = include_str!("../../../events/read-api/get.json");
/// Invocations before the first round.
const WARM: usize = 300;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Rounds, 7 at least.
    pub rounds: usize,
    /// Invocations of each in a round.
    pub invocations: usize,
    /// The body's size in bytes.
    pub bytes: usize,
}

/// A way to answer.
pub struct Variant {
    /// What the table calls it.
    pub name: &'static str,
    /// How it is started.
    pub start: Start,
    /// What it is asked.
    pub event: Vec<u8>,
    /// The status it must answer with.
    pub status: u64,
}

/// An event for a product, with more headers.
pub fn event(id: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut event: Value = serde_json::from_str(EVENT).unwrap_or_default();
    let path = format!("/api/products/{id}");
    event["rawPath"] = path.as_str().into();
    event["requestContext"]["http"]["path"] = path.as_str().into();
    event["pathParameters"]["proxy"] = format!("products/{id}").into();
    for (name, value) in headers {
        event["headers"][*name] = (*value).into();
    }
    event.to_string().into_bytes()
}

/// The ways that are compared. `binaries` holds the release builds, `python` is an interpreter that has `redis`.
pub fn variants(binaries: &Path, python: Option<&Path>) -> Vec<Variant> {
    let binary = |name: &str| Start::new(binaries.join(name).to_string_lossy());
    let read_api = || binary("read-api");
    let quiet = || read_api().with("METRICS", "off").with("LOG_LEVEL", "off");
    let get = || event(PRESENT, &[]);
    let variant = |name, start, event, status| Variant { name, start, event, status };
    let mut variants = vec![
        variant("floor: standard library, blocking, raw GET", binary("floor"), get(), 200),
        variant("read-api, Valkey hit", quiet(), get(), 200),
        variant("read-api, Valkey hit, metrics and logs", read_api(), get(), 200),
        variant("read-api, hit in memory, head asked", quiet().with("MEMORY_FROM_BYTES", "1"), get(), 200),
        variant(
            "read-api, hit in memory, timed",
            quiet().with("MEMORY_FROM_BYTES", "1").with("MEMORY_MS", "2000"),
            get(),
            200,
        ),
        variant("read-api, 304", quiet(), event(PRESENT, &[("if-none-match", "*")]), 304),
        variant("read-api, absent", quiet(), event(ABSENT, &[]), 404),
        variant("lambda_http and redis, nothing else", binary("plain"), get(), 200),
    ];
    if let Some(python) = python {
        let rival = |mode: &str| {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/rival.py");
            let mut start = Start::new(python.to_string_lossy());
            start.command.extend([script.to_owned(), mode.to_owned()]);
            start
        };
        variants.push(variant("Python, connection at module scope", rival("module"), get(), 200));
        variants.push(variant("Python, connection per request", rival("request"), get(), 200));
    }
    variants
}

/// Measures them all.
pub async fn measure(variants: &[Variant], effort: Effort) -> Result<Table, String> {
    let server = Server::start().await?;
    let bytes = seed(&server, effort.bytes).await?;
    let mut running = Vec::new();
    for variant in variants {
        let mut function = variant.start.run(&server.url()).await?;
        for _ in 0..WARM {
            invoke(variant, &mut function.host)?;
        }
        running.push(function);
    }
    let mut medians = vec![Vec::new(); variants.len()];
    let mut all = vec![Samples::default(); variants.len()];
    for round in 0..effort.rounds {
        for turn in 0..variants.len() {
            let place = (round + turn) % variants.len();
            let mut samples = Samples::default();
            for _ in 0..effort.invocations {
                let time = invoke(&variants[place], &mut running[place].host)?;
                samples.push(time);
                all[place].push(time);
            }
            medians[place].push(samples.quantile(0.5));
        }
    }
    let p50: Vec<f64> = medians.iter().map(|medians| median(medians)).collect();
    let floor = p50.first().copied().unwrap_or(1.0);
    let mut table = Table::new(
        "Hit path",
        format!(
            "One invocation through a Runtime API host, one at a time, host, server and function on one core; {} rounds of {} invocations each, interleaved; body of {bytes} bytes; {}.",
            effort.rounds, effort.invocations, server.version
        ),
        &["variant", "p50 ÷ floor", "p50 µs", "p99 µs"],
    );
    for (place, variant) in variants.iter().enumerate() {
        table.push(Row::new(variant.name, vec![p50[place] / floor, p50[place], all[place].quantile(0.99)]));
    }
    Ok(table)
}

fn invoke(variant: &Variant, host: &mut crate::host::Host) -> Result<std::time::Duration, String> {
    let (time, answer) = host.invoke(&variant.event).map_err(|error| format!("{}: {error}", variant.name))?;
    answered(variant.status, &answer).map_err(|error| format!("{}: {error}", variant.name))?;
    Ok(time)
}

/// Whether an answer has the status it should have: what is measured must be what is meant.
pub fn answered(status: u64, answer: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(answer);
    // Python puts a space behind the colon.
    if [":", ": "].iter().any(|colon| text.contains(&format!("\"statusCode\"{colon}{status}"))) {
        return Ok(());
    }
    Err(format!("it should have answered {status}: {}", text.chars().take(300).collect::<String>()))
}
