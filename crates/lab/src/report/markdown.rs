//! Tables.

use std::fmt::Write;

use super::{Made, Report};
use crate::floor::Floor;
use crate::real::Real;
use crate::run::Outcome;
use crate::tally::LevelReport;

/// A string takes whatever is written to it.
macro_rules! line {
    ($text:expr, $($what:tt)*) => {{
        let _ = writeln!($text, $($what)*);
    }};
}

const LEVELS: &str = "| strategy | level | reads | stale | stale by: p50 | p99 | max | below the floor | hits |\n\
    |---|---|--:|--:|--:|--:|--:|--:|--:|";

pub(super) fn of(report: &Report) -> String {
    let mut text = String::new();
    head(&mut text, report);
    levels(&mut text, report);
    costs(&mut text, report);
    compared(&mut text, report);
    predicted(&mut text, report);
    made(&mut text, &report.made);
    text
}

fn head(text: &mut String, report: &Report) {
    let workload = &report.workload;
    let times = &report.times;
    line!(text, "## Staleness, {} h of virtual time, seed {}\n", workload.hours, workload.seed);
    line!(
        text,
        "{} items, Zipf {} (writes {}); {} reads/s, {:.1} % of them at the API itself; {:.4} writes/s, {:.1} % of them straight \
         into the table; {} API processes, {} edge locations. An item is written every {:.0} s, averaged over reads. \
         Edge, for all: s-maxage {} s, stale-while-revalidate {} s. A purge is in effect at a location after an \
         exponential time, P95 {} s; batches of {} s; fence delay {} s.\n",
        workload.items,
        workload.zipf,
        workload.write_zipf,
        workload.reads_per_second,
        workload.direct_reads * 100.0,
        workload.writes_per_second,
        workload.direct_writes * 100.0,
        workload.processes,
        workload.locations,
        1.0 / report.writes_met,
        seconds(times.edge_fresh),
        seconds(times.edge_grace),
        seconds(times.purge_p95),
        seconds(times.batch_window),
        seconds(times.fence),
    );
    let faults = &report.faults;
    line!(
        text,
        "Faults: lost events {} %, doubled events {} %, cache restarts {} an hour, frozen functions {} % of fills, \
         lagging index {} % of eventually consistent loads.\n",
        faults.lost_events * 100.0,
        faults.doubled_events * 100.0,
        faults.cache_restarts,
        faults.frozen_functions * 100.0,
        faults.lagging_index * 100.0,
    );
}

fn levels(text: &mut String, report: &Report) {
    line!(text, "{LEVELS}");
    for outcome in &report.outcomes {
        level(text, outcome.strategy.name, "edge", &outcome.edge);
        level(text, "", "API", &outcome.api);
    }
    line!(text, "");
}

fn level(text: &mut String, strategy: &str, name: &str, level: &LevelReport) {
    line!(
        text,
        "| {strategy} | {name} | {} | {} % | {} | {} | {} | {} | {:.2} % |",
        level.reads,
        short(level.stale_percent),
        age(level.age_p50),
        age(level.age_p99),
        age(level.age_max),
        level.below_floor,
        level.hit_percent,
    );
}

fn costs(text: &mut String, report: &Report) {
    line!(
        text,
        "| strategy | | table reads saved | invalidation items a month | US dollars a month |\n|---|---|--:|--:|--:|"
    );
    for outcome in &report.outcomes {
        let Outcome { strategy, saved_percent, items_a_month, usd_a_month, .. } = outcome;
        line!(
            text,
            "| {} | {} | {saved_percent:.2} % | {items_a_month} | {usd_a_month:.0} |",
            strategy.name,
            strategy.what
        );
    }
    line!(text, "");
}

/// How many times fewer stale reads at the edge than the better of the two TTLs gives.
fn compared(text: &mut String, report: &Report) {
    let ttls = ["ttl-60", "ttl-90"].into_iter().filter_map(|name| report.outcome(name));
    let Some(better) = ttls.map(|ttl| ttl.edge.stale_percent).reduce(f64::min) else { return };
    line!(text, "Stale reads at the edge, against {} % of the better TTL:\n", short(better));
    for outcome in report.outcomes.iter().filter(|outcome| !outcome.strategy.name.starts_with("ttl")) {
        let here = outcome.edge.stale_percent;
        if here > 0.0 {
            line!(text, "- {}: {:.1} times fewer", outcome.strategy.name, better / here);
        }
    }
    line!(text, "");
}

fn predicted(text: &mut String, report: &Report) {
    if report.predicted.is_empty() {
        return;
    }
    line!(
        text,
        "| strategy | edge: formula | simulation | off by | API: formula | simulation |\n|---|--:|--:|--:|--:|--:|"
    );
    for (name, predicted) in &report.predicted {
        let Some(outcome) = report.outcome(name) else { continue };
        let (edge, api) = (outcome.edge.stale_percent, outcome.api.stale_percent);
        line!(
            text,
            "| {name} | {} % | {} % | {:+.0} % | {} % | {} % |",
            short(predicted.edge),
            short(edge),
            (predicted.edge / edge - 1.0) * 100.0,
            short(predicted.api),
            short(api),
        );
    }
    line!(text, "");
}

fn made(text: &mut String, made: &Made) {
    line!(text, "`{}` — {:.0} s on {}", made.command, made.seconds, made.machine);
}

pub(super) fn of_floor(by: &Made, strategy: &str, floor: &Floor) -> String {
    let mut text = String::new();
    let rate = floor.reads as f64 / by.seconds;
    line!(
        text,
        "{strategy}: {} reads at the API, {} below the floor, {} stale ({} %), {} not answered; {} seeds from {} on. \
         {:.0} reads/s: 10^9 would take {:.1} h.\n",
        floor.reads,
        floor.below_floor,
        floor.stale,
        short(floor.stale as f64 / floor.reads.max(1) as f64 * 100.0),
        floor.failed,
        floor.seeds.len(),
        floor.seeds.iter().min().copied().unwrap_or_default(),
        rate,
        1e9 / rate / 3_600.0,
    );
    made(&mut text, by);
    text
}

pub(super) fn of_real(by: &Made, real: &Real, virtually: &Outcome) -> String {
    let mut text = String::new();
    line!(text, "{LEVELS}");
    level(&mut text, "the running stack", "edge", &real.edge);
    level(&mut text, "", "API", &real.api);
    level(&mut text, &format!("{}, virtual time", virtually.strategy.name), "edge", &virtually.edge);
    level(&mut text, "", "API", &virtually.api);
    line!(
        text,
        "\n{} writes; {:.2} % of the table's reads saved ({:.2} % in virtual time); {} reads were not answered.\n",
        real.writes,
        real.saved_percent,
        virtually.saved_percent,
        real.edge.failed + real.api.failed,
    );
    made(&mut text, by);
    text
}

fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}

fn age(millis: u64) -> String {
    match millis {
        0 => "–".to_owned(),
        1..1_000 => format!("{millis} ms"),
        _ => format!("{:.1} s", seconds(millis)),
    }
}

/// Three digits that count.
fn short(percent: f64) -> String {
    match percent {
        0.0 => "0".to_owned(),
        percent if percent < 0.001 => format!("{percent:.5}"),
        percent if percent < 0.1 => format!("{percent:.4}"),
        percent => format!("{percent:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 0.000_12, 0.012_34, 1.834].map(short), ["0", "0.00012", "0.0123", "1.83"]);
        assert_eq!([0, 12, 3_456].map(age), ["–", "12 ms", "3.5 s"]);
    }
}
