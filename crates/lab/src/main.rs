//! `cargo xtask lab`: the staleness lab.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use lab::report::{Machine, Made, Report, floor_markdown, plot};
use lab::{Workload, floor, run, run_all};
use tokio::time::Instant;

mod arguments;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.reads {
        Some(reads) => put_to(&arguments, reads),
        None => compare(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn made(began: Instant) -> Made {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let command = format!("cargo xtask lab {}", words.join(" ")).trim_end().to_owned();
    Made { command, machine: Machine::this(), seconds: began.elapsed().as_secs_f64() }
}

fn put_to(arguments: &Arguments, reads: u64) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let strategy = arguments.strategies().first().map_or("tidemark-prompt", |strategy| strategy.name);
    let strategy = if arguments.strategies().len() == 1 { strategy } else { "tidemark-prompt" };
    let floor = floor::put_to(strategy, reads, arguments.seed)?;
    let made = made(began);
    println!("{}", floor_markdown(&made, strategy, &floor));
    match (&arguments.out, floor.below_floor, strategy.starts_with("tidemark")) {
        (_, 1.., true) => Err("answers below the floor".into()),
        (Some(out), _, _) => write(out, "floor.json", &serde_json::to_string_pretty(&(made, floor))?),
        _ => Ok(()),
    }
}

fn compare(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
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
