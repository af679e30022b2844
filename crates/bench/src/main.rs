//! Measures, and writes `report.md`, `report.json` and plots.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bench::gate::{gate, tell};
use bench::hit::{Effort, variants};
use bench::machine::{Machine, one_core};
use bench::report::{Table, write};
use bench::stack::Parts;
use bench::{cold, engine, growth, herd, hit, instructions, invalidation, lag, memory, store, sustained};
use clap::{Parser, ValueEnum};

/// Measure the functions as they are shipped, side by side with what else could be there
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// What to measure; everything if nothing is named
    #[arg(value_enum)]
    what: Vec<What>,
    /// Ten times as much of everything
    #[arg(long)]
    long: bool,
    /// Size of the product's body in bytes
    #[arg(long, default_value_t = 1_000)]
    bytes: usize,
    /// The folder with the release builds of the functions and their rivals
    #[arg(long)]
    binaries: PathBuf,
    /// The program of the local stack
    #[arg(long)]
    stack: PathBuf,
    /// A Python that has redis and boto3; without it, no rival in Python
    #[arg(long)]
    python: Option<PathBuf>,
    /// Where the report goes
    #[arg(long)]
    out: PathBuf,
    /// With `gate`: make what is counted now the baseline
    #[arg(long)]
    accept: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// One invocation, in several ways
    Hit,
    /// Instructions and system calls of one invocation
    Instructions,
    /// From a process's start to its first answer
    Cold,
    /// Time and instructions of the engine's own operations
    Engine,
    /// What the engine asks of a server, under load, and the memory of a record
    Store,
    /// 10,000 readers of one cold key
    Herd,
    /// A hit and an invalidation with more items, and with larger ones
    Growth,
    /// Stream records through the function that invalidates, by the size of their batch
    Invalidation,
    /// From a write to the cache and to the edge, in the local stack
    Lag,
    /// Load that does not wait on the local stack, until it bends and then below that
    Sustained,
    /// Nothing but the counts of the hit path, compared with the committed baseline
    Gate,
}

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
    let asked = |what: &What| arguments.what.is_empty() || arguments.what.contains(what);
    for what in What::value_variants().iter().filter(|what| asked(what)) {
        for table in measure(*what, arguments).await? {
            println!("{}", table.markdown());
            tables.push(table);
        }
    }
    write(&arguments.out, &machine, &tables)
}

async fn measure(what: What, arguments: &Arguments) -> Result<Vec<Table>, String> {
    let Arguments { long, bytes, ref binaries, .. } = *arguments;
    let times = if long { 10 } else { 1 };
    let python = arguments.python.as_deref();
    let parts = Parts { program: arguments.stack.clone(), binaries: binaries.clone() };
    Ok(match what {
        What::Hit => {
            let effort = Effort { rounds: 9, invocations: 400 * times, bytes };
            vec![hit::measure(&variants(binaries, python), effort).await?]
        }
        What::Instructions => vec![instructions::measure(&variants(binaries, None), bytes).await?],
        What::Cold => vec![cold::measure(&cold::starts(binaries, python), 11 * times).await?],
        What::Engine => vec![engine::measure(15 * times).await?],
        What::Store => {
            let mut tables = store::measure(3 * times).await?;
            tables.push(memory::measure().await?);
            tables
        }
        What::Herd => herd::measure(5 * times).await?,
        What::Growth => growth::measure(9 * times, long).await?,
        What::Invalidation => vec![invalidation::measure(binaries, times).await?],
        What::Lag => vec![lag::measure(&parts, times).await?],
        What::Sustained => sustained::measure(&parts, long).await?,
        What::Gate => Vec::new(),
    })
}
