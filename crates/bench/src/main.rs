//! Measures, and writes `report.md`, `report.json` and plots.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bench::gate::{Verdict, gate};
use bench::hit::{Effort, variants};
use bench::instructions::cost;
use bench::machine::Machine;
use bench::report::{Row, Table, markdown};
use bench::seed::seed;
use bench::server::Server;
use bench::{cold, hit};
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
        return through_the_gate(arguments).await;
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
        done(instructions(&variants, arguments.bytes).await?);
    }
    if asked(What::Cold) {
        done(
            cold::measure(&cold::starts(&arguments.binaries, arguments.python.as_deref()), 11 * times)
                .await?,
        );
    }
    write(&arguments.out, &machine, &tables)
}

async fn through_the_gate(arguments: &Arguments) -> Result<(), String> {
    let baseline = Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.json");
    match gate(&variants(&arguments.binaries, None), &baseline, arguments.accept).await? {
        Verdict::Skipped => println!("skipped: there is no valgrind to count with"),
        Verdict::Accepted => println!("written to {}", baseline.display()),
        Verdict::Compared(lines, holds) => {
            println!("{}", lines.join("\n"));
            if !holds {
                return Err("a hit costs more than its baseline allows; mend it, or accept it: cargo xtask bench gate --accept".to_owned());
            }
        }
    }
    Ok(())
}

async fn instructions(variants: &[hit::Variant], bytes: usize) -> Result<Table, String> {
    let server = Server::start().await?;
    let bytes = seed(&server, bytes).await?;
    let how = format!("Difference of two runs, by valgrind and strace; body of {bytes} bytes.");
    let mut table = Table::new("One invocation", how, &["variant", "instructions", "system calls"]);
    // Counting an interpreter says nothing about the program it runs.
    for variant in variants.iter().filter(|variant| !variant.name.starts_with("Python")) {
        let cost = cost(variant, &server).await?;
        let numbers = vec![cost.instructions.unwrap_or(f64::NAN), cost.calls.unwrap_or(f64::NAN)];
        table.push(Row::new(variant.name, numbers));
    }
    Ok(table)
}

/// This process, and with it every one it starts, stays on one core: times over two depend on the machine more than on the
/// program.
fn one_core() -> Result<(), String> {
    let mut cores = nix::sched::CpuSet::new();
    cores.set(0).map_err(|error| error.to_string())?;
    nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &cores).map_err(|error| error.to_string())
}

fn write(folder: &Path, machine: &Machine, tables: &[Table]) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(said)?;
    std::fs::write(folder.join("report.md"), markdown(machine, tables)).map_err(said)?;
    let json = serde_json::json!({ "machine": machine, "tables": tables }).to_string();
    std::fs::write(folder.join("report.json"), json).map_err(said)?;
    for table in tables {
        let name = format!("{}.svg", table.title.to_lowercase().replace(' ', "-"));
        std::fs::write(folder.join(name), table.bars(0)).map_err(said)?;
    }
    println!("written to {}", folder.display());
    Ok(())
}
