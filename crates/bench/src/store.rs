//! The store's side: what each operation of the engine costs a server, against what a plain cache asks of it.
//!
//! A read is a plain `GET`; the rest are scripts. [`commands`](crate::commands) has them, [`target`](crate::target) what is
//! asked, [`load`](crate::load) who asks.

use crate::cluster::Cluster;
use crate::commands::{ALL, BYTES};
use crate::load::program;
use crate::report::{Row, Table};
use crate::samples::median;
use crate::server::Server;
use crate::target::{Effort, Run, Target};

/// What is asked of one node.
const NODE: [Effort; 3] = [
    Effort { connections: 1, requests: 2_000 },
    Effort { connections: 50, requests: 6_000 },
    Effort { connections: 500, requests: 10_000 },
];
/// What is asked of a cluster.
const CLUSTER: Effort = Effort { connections: 50, requests: 5_000 };

/// Measures one node, and a cluster. Without the tool that makes the load, there is nothing.
pub async fn measure(rounds: usize) -> Result<Vec<Table>, String> {
    let Some(program) = program() else {
        println!("skipped: there is no valkey-benchmark or redis-benchmark to make the load");
        return Ok(Vec::new());
    };
    let mut tables = Vec::new();
    let node = Server::start().await?;
    let mut target = Target::new(std::slice::from_ref(&node), program).await?;
    for effort in NODE {
        let title = match effort.connections {
            1 => "Store with 1 connection".to_owned(),
            many => format!("Store with {many} connections"),
        };
        tables.push(table(&mut target, &title, program, effort, rounds).await?);
    }
    drop(node);
    match Cluster::start().await? {
        Some(cluster) => {
            let mut target = Target::new(&cluster.nodes, program).await?;
            let title = format!("Store in a cluster of three with {} connections", CLUSTER.connections);
            tables.push(table(&mut target, &title, program, CLUSTER, rounds).await?);
        }
        None => println!("skipped: there is no valkey-cli or redis-cli to join a cluster"),
    }
    Ok(tables)
}

async fn table(
    target: &mut Target<'_>,
    title: &str,
    program: &str,
    effort: Effort,
    rounds: usize,
) -> Result<Table, String> {
    let mut runs: Vec<Vec<Run>> = ALL.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        for turn in 0..ALL.len() {
            let place = (round + turn) % ALL.len();
            runs[place].push(target.run(ALL[place], effort).await?);
        }
    }
    let of =
        |place: usize, number: fn(&Run) -> f64| median(&runs[place].iter().map(number).collect::<Vec<_>>());
    let (rate, p50, p99) = (|run: &Run| run.load.rate, |run: &Run| run.load.p50, |run: &Run| run.load.p99);
    // The load looks only every 250 ms whether a cluster has answered everything.
    let (columns, compared): (&[&str], fn(&Run) -> f64) = if target.is_cluster() {
        (&["operation", "p50 µs", "÷ plain", "p99 µs", "µs in the server"], p50)
    } else {
        (&["operation", "requests/s", "÷ plain", "p50 µs", "p99 µs", "µs in the server"], rate)
    };
    let mut table = Table::new(title, how(target, program, effort, rounds), columns);
    for (place, operation) in ALL.iter().enumerate() {
        let (name, plain, _) = operation.about();
        let plain = ALL.iter().position(|other| *other == plain).unwrap_or(place);
        let mut numbers = vec![of(place, compared), of(place, compared) / of(plain, compared)];
        numbers.extend((!target.is_cluster()).then(|| of(place, p50)));
        numbers.extend([of(place, p99), of(place, |run| run.inside)]);
        table.push(Row::new(name, numbers));
    }
    Ok(table)
}

fn how(target: &Target<'_>, program: &str, effort: Effort, rounds: usize) -> String {
    let cores = if effort.connections == 1 {
        "load and server on one core"
    } else {
        "the load on a core of its own where there are two"
    };
    let rate = if target.is_cluster() {
        " The nodes share a core; the load tells a cluster's rate too coarsely to be given."
    } else {
        ""
    };
    format!(
        "{program}, {} requests a run, one at a time on each connection; {cores}; medians of {rounds} runs, the operations in turn; bodies of {BYTES} bytes; {}.{rate} The last column is the server's own count of the time within the command.",
        effort.requests,
        target.version()
    )
}
