//! The command line.

use std::path::PathBuf;

use clap::Parser;
use lab::strategy::{self, Strategy};
use lab::{Faults, Times, Workload};

/// One history of reads and writes under several caching strategies, side by side, in virtual time.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask lab")]
pub struct Arguments {
    /// How many items there are
    #[arg(long, default_value_t = 500)]
    items: usize,
    /// How unequally they are read: 0 all alike, 1 as words in a text
    #[arg(long, default_value_t = 1.0)]
    zipf: f64,
    /// The same for writes; as for reads if not given
    #[arg(long)]
    write_zipf: Option<f64>,
    #[arg(long, default_value_t = 100.0)]
    reads_per_second: f64,
    /// If not given, so many that a TTL of 90 s gives 1.8 % stale reads at the edge
    #[arg(long)]
    pub writes_per_second: Option<f64>,
    #[arg(long, default_value_t = 6.0)]
    hours: f64,
    /// API processes
    #[arg(long, default_value_t = 8)]
    processes: usize,
    /// Edge locations, each with a cache of its own
    #[arg(long, default_value_t = 3)]
    locations: usize,
    /// The share of reads that go to the API itself
    #[arg(long, default_value_t = 0.2)]
    direct_reads: f64,
    /// The share of writes that go straight into the table
    #[arg(long, default_value_t = 0.2)]
    direct_writes: f64,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// lost-events, doubled-events, cache-restart (an hour), frozen-functions, lagging-index; each with `=rate` or without; or all
    #[arg(long, default_value = "")]
    pub faults: Faults,
    /// s-maxage of what the edge stores, in seconds, for all strategies
    #[arg(long, default_value_t = 60)]
    s_maxage: u64,
    /// stale-while-revalidate of what the edge stores, in seconds, for all strategies
    #[arg(long, default_value_t = 30)]
    stale_while_revalidate: u64,
    /// The 95th percentile of CloudFront's time to bring a purge into effect, in seconds
    #[arg(long, default_value_t = 5.0)]
    purge_p95: f64,
    /// How long changes are gathered before one purge, in seconds
    #[arg(long, default_value_t = 1.0)]
    batch_window: f64,
    /// The fence delay, in seconds
    #[arg(long, default_value_t = 10.0)]
    fence: f64,
    /// Only these strategies, with commas between them
    #[arg(long, value_delimiter = ',', value_parser = known)]
    strategies: Vec<String>,
    /// Instead of the comparison: so many reads at the API under every fault at once, and how many were below the floor (1e7)
    #[arg(long, value_parser = count)]
    pub reads: Option<u64>,
    /// Instead of virtual time: play against a running stack; the file holds the line that `cargo xtask up --json` prints
    #[arg(long)]
    pub real: Option<PathBuf>,
    /// How long, in real time
    #[arg(long, default_value_t = 2.0)]
    pub minutes: f64,
    /// Where to write lab.md, lab.json and lab.svg
    #[arg(long)]
    pub out: Option<PathBuf>,
}

impl Arguments {
    pub fn workload(&self) -> Workload {
        Workload {
            items: self.items.max(1),
            zipf: self.zipf,
            write_zipf: self.write_zipf.unwrap_or(self.zipf),
            reads_per_second: self.reads_per_second,
            writes_per_second: self.writes_per_second.unwrap_or_default(),
            hours: self.hours,
            processes: self.processes.max(1),
            locations: self.locations,
            direct_reads: self.direct_reads,
            direct_writes: self.direct_writes,
            seed: self.seed,
        }
    }

    pub fn times(&self) -> Times {
        let millis = |seconds: f64| (seconds * 1_000.0) as u64;
        Times {
            edge_fresh: self.s_maxage * 1_000,
            edge_grace: self.stale_while_revalidate * 1_000,
            purge_p95: millis(self.purge_p95),
            batch_window: millis(self.batch_window),
            fence: millis(self.fence),
        }
    }

    /// The strategy of what is about one: Tidemark with prompt purges, unless another was named.
    pub fn one_strategy(&self) -> Result<Strategy, String> {
        let name = match &self.strategies[..] {
            [] => "tidemark-prompt",
            [name] => name.as_str(),
            _ => return Err("this is about one strategy: name one, or none".to_owned()),
        };
        strategy::all().into_iter().find(|one| one.name == name).ok_or(format!("there is no {name}"))
    }

    pub fn strategies(&self) -> Vec<Strategy> {
        let mut all = strategy::all();
        all.retain(|one| self.strategies.is_empty() || self.strategies.iter().any(|name| name == one.name));
        all
    }
}

fn known(name: &str) -> Result<String, String> {
    let all = strategy::all();
    if all.iter().any(|one| one.name == name) {
        return Ok(name.to_owned());
    }
    Err(format!("is none of {}", all.iter().map(|one| one.name).collect::<Vec<_>>().join(", ")))
}

/// `10000000` or `1e7`.
fn count(text: &str) -> Result<u64, String> {
    match text.parse::<f64>() {
        Ok(count) if (1.0..=1e15).contains(&count) => Ok(count as u64),
        _ => Err("is no number of reads, such as 1e7".to_owned()),
    }
}
