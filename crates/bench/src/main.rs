//! Measures, and writes `report.md`, `report.json` and plots.

use std::path::Path;
use std::process::ExitCode;

use bench::engine;
use bench::gate::{gate, tell};
use bench::hit::variants;
use bench::machine::{Machine, one_core};
use bench::report::write;
use clap::Parser;

mod arguments;

use arguments::{Arguments, What};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let done = match engine::repeat(&words).await {
        Some(repeated) => repeated,
        None => run(&Arguments::parse()).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.what.contains(&What::Gate) {
        if arguments.what.len() > 1 {
            return Err("the gate is not measured beside anything: name it alone".to_owned());
        }
        let baseline = Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.json");
        let verdict = gate(&variants(&arguments.binaries, None), &baseline, arguments.accept).await?;
        return tell(verdict, &baseline);
    }
    if arguments.accept {
        return Err("--accept is for the gate: cargo xtask bench gate --accept".to_owned());
    }
    let machine = Machine::look();
    one_core()?;
    let mut tables = Vec::new();
    for what in arguments.asked() {
        for table in arguments.measure(what).await? {
            println!("{}", table.markdown());
            tables.push(table);
        }
    }
    write(&arguments.out, &machine, &tables)
}
