//! The command line of `bench`, and which measurement each of its words names.

use std::path::PathBuf;

use bench::hit::{Effort, variants};
use bench::report::Table;
use bench::stack::Parts;
use bench::{cold, engine, growth, herd, hit, instructions, invalidation, lag, memory, store, sustained};
use clap::{Parser, ValueEnum};

/// Measure the functions as they are shipped, side by side with what else could be there
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub struct Arguments {
    /// What to measure; everything if nothing is named
    #[arg(value_enum)]
    pub what: Vec<What>,
    /// Ten times as much of everything
    #[arg(long)]
    pub long: bool,
    /// Size of the product's body in bytes
    #[arg(long, default_value_t = 1_000)]
    pub bytes: usize,
    /// The folder with the release builds of the functions and their rivals
    #[arg(long)]
    pub binaries: PathBuf,
    /// The program of the local stack
    #[arg(long)]
    pub stack: PathBuf,
    /// A Python that has redis and boto3; without it, no rival in Python
    #[arg(long)]
    pub python: Option<PathBuf>,
    /// Where the report goes
    #[arg(long)]
    pub out: PathBuf,
    /// With `gate`: make what is counted now the baseline
    #[arg(long)]
    pub accept: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
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

impl Arguments {
    /// What is asked for, in the order of the report: everything if nothing is named.
    pub fn asked(&self) -> impl Iterator<Item = What> {
        let asked = |what: &What| self.what.is_empty() || self.what.contains(what);
        What::value_variants().iter().copied().filter(asked)
    }

    /// Measures one of them.
    pub async fn measure(&self, what: What) -> Result<Vec<Table>, String> {
        let Arguments { long, bytes, ref binaries, .. } = *self;
        let times = if long { 10 } else { 1 };
        let python = self.python.as_deref();
        let parts = Parts { program: self.stack.clone(), binaries: binaries.clone() };
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
}
