//! What the lab can do: compare, confirm in real time, count reads below the floor. Each prints its report, and writes it where asked.

use std::error::Error;
use std::path::Path;

use lab::report::{Machine, Made, Report, floor_markdown, plot, real_markdown};
use lab::{Faults, Workload, floor, real, run, run_all};
use tokio::time::Instant;

use crate::arguments::Arguments;

/// Writes a second in real time: enough for minutes to show something.
const REAL_WRITES: f64 = 0.2;

/// The engine alone under everything that can go wrong, for so many reads.
pub fn put_to(arguments: &Arguments, reads: u64) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let strategy = arguments.one_strategy()?;
    let floor = floor::put_to(&strategy, reads, arguments.seed)?;
    let made = made(began);
    println!("{}", floor_markdown(&made, strategy.name, &floor));
    if let Some(out) = &arguments.out {
        write(out, "floor.json", &serde_json::to_string_pretty(&(made, &floor))?)?;
    }
    if floor.below_floor > 0 && strategy.name.starts_with("tidemark") {
        return Err("answers below the floor".into());
    }
    Ok(())
}

/// Every strategy side by side, in virtual time.
pub fn compare(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let (workload, times) = (calibrated(arguments)?, arguments.times());
    let outcomes = run_all(&arguments.strategies(), &workload, &arguments.faults, &times)?;
    let report = Report::of(made(began), &workload, &arguments.faults, &times, outcomes);
    println!("{}", report.markdown());
    let Some(out) = &arguments.out else { return Ok(()) };
    write(out, "lab.md", &report.markdown())?;
    write(out, "lab.json", &serde_json::to_string_pretty(&report)?)?;
    write(out, "lab.svg", &plot(&report)?)
}

/// In real time, on a stack that runs; and for longer in virtual time, so that chance has less to say there.
pub fn confirm(arguments: &Arguments, endpoints: &Path) -> Result<(), Box<dyn Error>> {
    let endpoints = serde_json::from_str(&std::fs::read_to_string(endpoints)?)?;
    let (began, strategy) = (Instant::now(), arguments.one_strategy()?);
    let workload = Workload {
        // One edge runs.
        locations: 1,
        writes_per_second: arguments.writes_per_second.unwrap_or(REAL_WRITES),
        ..arguments.workload()
    };
    let timed = Workload { hours: arguments.minutes / 60.0, ..workload };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let real = runtime.block_on(real::play(&endpoints, &timed))?;
    let virtually = run::run(&strategy, &workload, &Faults::default(), &arguments.times())?;
    let made = made(began);
    println!("{}", real_markdown(&made, &real, &virtually));
    let Some(out) = &arguments.out else { return Ok(()) };
    write(out, "real.json", &serde_json::to_string_pretty(&(made, workload, real, virtually))?)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    Ok(std::fs::write(folder.join(name), text)?)
}

fn calibrated(arguments: &Arguments) -> Result<Workload, Box<dyn Error>> {
    let workload = arguments.workload();
    if arguments.writes_per_second.is_some() {
        return Ok(workload);
    }
    Ok(run::calibrate(&workload, &arguments.times())?)
}

fn made(began: Instant) -> Made {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let command = format!("cargo xtask lab {}", words.join(" ")).trim_end().to_owned();
    Made { command, machine: Machine::this(), seconds: began.elapsed().as_secs_f64() }
}
