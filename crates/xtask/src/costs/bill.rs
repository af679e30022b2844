//! From a load to a bill.

use super::Load;
use super::prices::*;

const DAYS: f64 = 30.4;
const HOURS: f64 = 730.0;
const SECONDS: f64 = HOURS * 3_600.0;
const MILLION: f64 = 1e6;
/// Memory of a function, in GB.
const MEMORY: f64 = 0.25;
/// What a function that is no read takes, in seconds.
const OTHER_SECONDS: f64 = 0.03;
/// What Lambda's pollers ask a queue while nothing is in it: five of them, every 20 s.
const POLLS: f64 = 5.0 * SECONDS / 20.0;
/// Queues that are polled: the edge's and the auditor's.
const QUEUES: f64 = 2.0;
/// Log data of one request: the API's access log, what Lambda itself writes of an invocation, in GB.
const LOGGED: f64 = 1.2e-6;
/// Metrics that have data while there are reads and writes.
const METRICS: f64 = 70.0;
/// Metrics that alarms look at: one that compares several counts for each.
const ALARMS: f64 = 51.0;
/// What the distribution reports beyond its free metrics (parameter EdgeMetrics).
const EDGE_METRICS: f64 = 8.0;
const SECRETS: f64 = 2.0;

/// A line of a bill.
pub struct Line {
    /// What is paid for.
    pub name: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// US dollars a month.
    pub usd: f64,
}

/// What a month of a load costs.
pub fn bill(load: &Load) -> Vec<Line> {
    let reads = load.reads * DAYS;
    let writes = load.writes.unwrap_or(load.reads / 1_000.0) * DAYS;
    // The auditor looks at each change of its sample three times: at the edge, where it asks for each of three encodings, and at
    // the API.
    let looks = writes * 3.0 * load.audited;
    let fetches = reads * (1.0 - load.edge_hits) + looks;
    let loads = fetches * (1.0 - load.cache_hits);
    let gigabytes = load.kilobytes / MILLION;
    // A write, its stream record, its purge, what the auditor hears of it, and three checks of a sample.
    let calls = writes * 4.0 + looks;
    let units = load.kilobytes.max(1.0);
    let traces = fetches.min(SECONDS + 0.05 * (fetches - SECONDS).max(0.0)) - 1e5;
    let in_use = if reads + writes > 0.0 { 1.0 } else { 0.0 };
    let lines = [
        (
            "CloudFront requests",
            "(reads + 9 × audited × writes − 10 M) × price",
            (reads + 3.0 * looks - 1e7).max(0.0) / MILLION * EDGE_REQUESTS,
        ),
        (
            "CloudFront transfer",
            "(reads × size − 1 TB) × price",
            (reads * gigabytes - 1_024.0).max(0.0) * EDGE_TRANSFER,
        ),
        (
            "Invalidations",
            "(writes − 1,000) × price, at most the budget",
            ((writes - 1_000.0).max(0.0) * PURGE).min(load.budget),
        ),
        (
            "API Gateway",
            "(fetches + writes) × price; fetches = reads × (1 − edge hits) + 3 × audited × writes",
            (fetches + writes) / MILLION * GATEWAY,
        ),
        (
            "Lambda, reads",
            "fetches × (request + 0.25 GB × time)",
            fetches * (LAMBDA_REQUESTS / MILLION + MEMORY * load.milliseconds / 1_000.0 * LAMBDA_TIME),
        ),
        (
            "Lambda, all else",
            "writes × (4 + 3 × audited) × (request + 0.25 GB × 30 ms)",
            calls * (LAMBDA_REQUESTS / MILLION + MEMORY * OTHER_SECONDS * LAMBDA_TIME),
        ),
        (
            "Valkey, stored",
            "max(0.1 GB, items × size) × hours × price; no more items than reads",
            (load.items.min(load.reads) * gigabytes).max(0.1) * HOURS * CACHE_STORAGE,
        ),
        (
            "Valkey, units",
            "(fetches × kB + loads × 2 × kB + writes × 4) × price",
            (fetches * units + loads * 2.0 * units + writes * 4.0) / MILLION * CACHE_UNITS,
        ),
        (
            "DynamoDB",
            "loads × ⌈kB ÷ 4⌉ × read + writes × (2 × ⌈kB⌉ + 4) × write",
            (loads * (load.kilobytes / 4.0).ceil() * TABLE_READS
                + writes * (2.0 * load.kilobytes.ceil() + 4.0) * TABLE_WRITES)
                / MILLION,
        ),
        ("EventBridge", "writes × price", writes / MILLION * EVENTS),
        (
            "SQS",
            "(2 queues × 5 polls every 20 s + writes × (6 + 7 × audited)) × price",
            (QUEUES * POLLS + writes * (6.0 + 7.0 * load.audited)) / MILLION * QUEUE,
        ),
        ("Endpoint", "one zone × hours × price", HOURS * ENDPOINT),
        ("Logs", "(fetches + calls of all else) × 1.2 kB × price", (fetches + calls) * LOGGED * LOGS),
        (
            "Metrics",
            "70 × price while there is traffic, 8 of the edge",
            METRICS * METRIC * in_use + EDGE_METRICS * METRIC,
        ),
        (
            "Alarms and dashboard",
            "51 metrics of alarms, one dashboard, the key of their topic",
            ALARMS * ALARM + DASHBOARD + KEY,
        ),
        (
            "Traces",
            "(one fetch a second + 5 % of the others − 100,000) × price",
            traces.max(0.0) / MILLION * TRACES,
        ),
        ("Secrets", "2 × price", SECRETS * SECRET),
    ];
    lines.into_iter().map(|(name, formula, usd)| Line { name, formula, usd }).collect()
}
