//! The lab as a whole: one history for all, the formula, the floor, reports.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use lab::report::{Machine, Made, Report, plot};
use lab::{Faults, Outcome, Times, Workload, floor, formula, run_all, strategy};

fn named(names: &[&str]) -> Vec<strategy::Strategy> {
    strategy::all().into_iter().filter(|strategy| names.contains(&strategy.name)).collect()
}

fn short() -> Workload {
    Workload { items: 50, reads_per_second: 20.0, writes_per_second: 0.1, hours: 0.5, ..Workload::default() }
}

fn outcome<'a>(outcomes: &'a [Outcome], name: &str) -> &'a Outcome {
    outcomes.iter().find(|outcome| outcome.strategy.name == name).unwrap()
}

#[test]
fn every_strategy_meets_the_same_history_and_a_seed_decides_all_that_comes_of_it() {
    let play = |seed| {
        let workload = Workload { seed, ..short() };
        run_all(&strategy::all(), &workload, &Faults::all(), &Times::default()).unwrap()
    };
    let (first, second) = (play(1), play(1));
    assert!(first.iter().all(|outcome| outcome.history == first[0].history));
    let reads = |outcome: &Outcome| outcome.edge.reads + outcome.edge.failed;
    // What is under way when the history ends is not counted.
    assert!(first.iter().all(|outcome| reads(outcome).abs_diff(reads(&first[0])) < 10));
    assert_eq!(serde_json::to_string(&first).unwrap(), serde_json::to_string(&second).unwrap());
    assert_ne!(first[0].history, play(2)[0].history);
}

#[test]
fn the_formula_says_what_the_simulation_shows() {
    let workload = Workload {
        items: 40,
        zipf: 0.6,
        write_zipf: 0.6,
        reads_per_second: 20.0,
        writes_per_second: 0.02,
        hours: 10.0,
        ..Workload::default()
    };
    let names = ["ttl-60", "ttl-90", "tidemark-ttl", "tidemark-prompt", "tidemark-fenced"];
    let times = Times::default();
    let outcomes = run_all(&named(&names), &workload, &Faults::default(), &times).unwrap();
    for name in names {
        let below = formula::Below::of(name, &workload, &times).unwrap();
        let (said, shown) =
            (formula::predict(&workload, &times, below).edge, outcome(&outcomes, name).edge.stale_percent);
        println!("{name}: the formula says {said:.4} %, the simulation {shown:.4} %");
        assert!((said / shown - 1.0).abs() < 0.15, "{name}: {said} against {shown}");
    }
}

/// The engine alone, with every fault at once.
#[test]
fn no_answer_of_the_api_is_below_the_floor() {
    let reads = if std::env::var_os("TIDEMARK_FULL").is_some() { 10_000_000 } else { 500_000 };
    let floor = floor::put_to(&named(&["tidemark-prompt"])[0], reads, 1).unwrap();
    assert!(floor.reads >= reads * 99 / 100, "{floor:?}");
    assert_eq!(floor.below_floor, 0, "{floor:?}");
    assert!(floor.stale > 1_000, "most writes are read before anybody was told: {floor:?}");
}

#[test]
fn what_deletes_and_sets_answers_below_the_floor_under_the_same_faults() {
    let floor = floor::put_to(&named(&["event-driven"])[0], 200_000, 1).unwrap();
    assert!(floor.below_floor > 0, "{floor:?}");
}

#[test]
fn purges_are_planned_within_the_budget_and_make_fewer_answers_stale() {
    let workload = Workload { hours: 4.0, ..short() };
    let names = ["ttl-60", "tidemark-ttl", "tidemark-prompt", "tidemark-double", "tidemark-10-usd"];
    let outcomes = run_all(&named(&names), &workload, &Faults::default(), &Times::default()).unwrap();
    let of = |name| outcome(&outcomes, name);
    assert!(of("tidemark-10-usd").items_a_month <= 3_000 && of("tidemark-10-usd").usd_a_month <= 10.0);
    assert!(of("tidemark-double").items_a_month > of("tidemark-prompt").items_a_month * 3 / 2);
    let stale = |name| of(name).edge.stale_percent;
    assert!(stale("tidemark-prompt") * 10.0 < stale("ttl-60"));
    assert!(stale("tidemark-prompt") < stale("tidemark-10-usd"));
    assert!(stale("tidemark-ttl") < stale("ttl-60"), "an API that is always right halves it alone");
    assert_eq!(of("ttl-60").items_a_month, 0);
}

#[test]
fn a_report_shows_every_strategy_with_machine_and_command() {
    let workload = Workload { hours: 0.05, ..short() };
    let (faults, times) = (Faults::default(), Times::default());
    let outcomes = run_all(&strategy::all(), &workload, &faults, &times).unwrap();
    let made = Made { command: "cargo xtask lab".into(), machine: Machine::this(), seconds: 1.0 };
    let report = Report::of(made, &workload, &faults, &times, outcomes);
    let (text, svg) = (report.markdown(), plot(&report).unwrap());
    for strategy in strategy::all() {
        assert!(text.contains(strategy.name) && svg.contains(strategy.name), "{}", strategy.name);
    }
    assert!(text.contains("`cargo xtask lab`") && text.contains("rustc"), "{text}");
    let json: serde_json::Value = serde_json::to_value(&report).unwrap();
    assert_eq!(json["outcomes"].as_array().unwrap().len(), strategy::all().len());
}
