//! Measures, and writes `report.md`, `report.json` and plots.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bench::gate::{gate, tell};
use bench::hit::{Effort, variants};
use bench::machine::{Machine, one_core};
use bench::report::{Table, write};
use bench::stack::Parts;
use bench::{cold, hit, instructions, invalidation, lag, sustained};
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
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.what == [What::Gate] {
        let baseline = Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.json");
        let verdict = gate(&variants(&arguments.binaries, None), &baseline, arguments.accept).await?;
        return tell(verdict, &baseline);
    }
    let machine = Machine::look();
    one_core()?;
    let asked = |what| arguments.what.is_empty() || arguments.what.contains(&what);
    let times = if arguments.long { 10 } else { 1 };
    let variants = variants(&arguments.binaries, arguments.python.as_deref());
    let mut tables = Vec::new();
    let mut done = |table: Table| {
        println!("{}", table.markdown());
        tables.push(table);
    };
    if asked(What::Hit) {
        let effort = Effort { rounds: 9, invocations: 400 * times, bytes: arguments.bytes };
        done(hit::measure(&variants, effort).await?);
    }
    if asked(What::Instructions) {
        done(instructions::measure(&variants, arguments.bytes).await?);
    }
    if asked(What::Cold) {
        done(
            cold::measure(&cold::starts(&arguments.binaries, arguments.python.as_deref()), 11 * times)
                .await?,
        );
    }
    if asked(What::Invalidation) {
        done(invalidation::measure(&arguments.binaries, times).await?);
    }
    let parts = Parts { program: arguments.stack.clone(), binaries: arguments.binaries.clone() };
    if asked(What::Lag) {
        done(lag::measure(&parts, times).await?);
    }
    if asked(What::Sustained) {
        sustained::measure(&parts, arguments.long).await?.into_iter().for_each(&mut done);
    }
    write(&arguments.out, &machine, &tables)
}
