//! `sim`: replays one schedule, or searches many.

use std::process::ExitCode;

use clap::Parser;

/// Searches schedules of the real engine for a broken guarantee, in virtual time.
#[derive(Parser)]
struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many schedules: the first seed, and those after it.
    #[arg(long, default_value_t = 1)]
    schedules: u64,
}

fn main() -> ExitCode {
    let Arguments { seed, schedules } = Arguments::parse();
    if schedules == 1 {
        return report(seed);
    }
    let (broken, tally) = sim::search_on_every_core(seed, schedules);
    println!("{tally:#?}");
    match broken {
        None => {
            println!("{schedules} schedules from seed {seed} on: no guarantee broken");
            ExitCode::SUCCESS
        }
        Some(seed) => report(seed),
    }
}

fn report(seed: u64) -> ExitCode {
    let outcome = sim::run(seed, None);
    outcome.history.iter().for_each(|line| println!("{line}"));
    match outcome.violations.as_slice() {
        [] => {
            println!("seed {seed}: no guarantee broken");
            ExitCode::SUCCESS
        }
        violations => {
            println!("seed {seed}: {}", violations.join("; "));
            ExitCode::FAILURE
        }
    }
}
