//! The store's side: what each operation of the engine costs a server, against what a plain cache asks of it.
//!
//! A read is a plain `GET`; the rest are scripts. [`commands`](crate::commands) has them, [`load`](crate::load) the load.

use redis::aio::MultiplexedConnection;

use crate::cluster::Cluster;
use crate::commands::{ALL, BYTES, Before, Operation, SCRIPTS};
use crate::load::{Load, Result as Measured, program};
use crate::records::{KEY, LIFE_MS, fill};
use crate::report::{Row, Table};
use crate::samples::median;
use crate::server::Server;

/// Keys that are there when a run begins: three times as many as the requests of a run, so that most are met once.
const KEYS: usize = 30_000;
/// So many that none is met twice.
const ENDLESS: usize = 2_000_000_000;
/// Every slot of a cluster has one key.
const SLOTS: usize = 16_384;
/// The connections that are compared on one node; a cluster has those in the middle.
const CONNECTIONS: [usize; 3] = [1, 50, 500];

/// What is asked.
struct Target<'a> {
    nodes: &'a [Server],
    connections: Vec<MultiplexedConnection>,
    program: &'static str,
}

/// What one run of an operation came to.
struct Run {
    load: Measured,
    /// Microseconds the server spends in one call.
    inside: f64,
}

/// Measures one node, and a cluster. Without the tool that makes the load, there is nothing.
pub async fn measure(rounds: usize) -> Result<Vec<Table>, String> {
    let Some(program) = program() else {
        println!("skipped: there is no valkey-benchmark or redis-benchmark to make the load");
        return Ok(Vec::new());
    };
    let node = Server::start().await?;
    let mut tables = Vec::new();
    for connections in CONNECTIONS {
        let target = Target::new(std::slice::from_ref(&node), program).await?;
        let title = format!("Store, {}", many(connections));
        tables.push(target.table(&title, connections, rounds).await?);
    }
    drop(node);
    match Cluster::start().await? {
        Some(cluster) => {
            let target = Target::new(&cluster.nodes, program).await?;
            let title = format!("Store, cluster of three, {}", many(CONNECTIONS[1]));
            tables.push(target.table(&title, CONNECTIONS[1], rounds).await?);
        }
        None => println!("skipped: there is no valkey-cli or redis-cli to join a cluster"),
    }
    Ok(tables)
}

impl Target<'_> {
    async fn new<'a>(nodes: &'a [Server], program: &'static str) -> Result<Target<'a>, String> {
        let mut connections = Vec::new();
        for node in nodes {
            let mut connection = node.connect().await?;
            for script in SCRIPTS.each() {
                let load = redis::cmd("SCRIPT").arg("LOAD").arg(&script.code).to_owned();
                load.query_async::<()>(&mut connection).await.map_err(|error| error.to_string())?;
            }
            connections.push(connection);
        }
        Ok(Target { nodes, connections, program })
    }

    async fn table(mut self, title: &str, connections: usize, rounds: usize) -> Result<Table, String> {
        let requests = if connections == 1 { 3_000 } else { 10_000 };
        let mut runs: Vec<Vec<Run>> = ALL.iter().map(|_| Vec::new()).collect();
        for round in 0..rounds {
            for turn in 0..ALL.len() {
                let place = (round + turn) % ALL.len();
                let run = self.run(ALL[place], connections, requests).await?;
                runs[place].push(run);
            }
        }
        let of = |place: usize, number: fn(&Run) -> f64| {
            median(&runs[place].iter().map(number).collect::<Vec<_>>())
        };
        let apart = if connections == 1 {
            "load and server on one core"
        } else {
            "the load on a core of its own, if there is one"
        };
        let version = self.nodes.first().map_or("", |node| node.version.as_str());
        let mut table = Table::new(
            title,
            format!(
                "{}, over {}, {requests} requests a run, one at a time on each; {apart}; medians of {rounds} runs, the operations in turn; bodies of {BYTES} bytes; {version}. The last column is the server's own count of the time within a command.",
                self.program,
                many(connections)
            ),
            &["operation", "requests/s", "÷ plain", "p50 µs", "p99 µs", "µs in the server"],
        );
        for (place, operation) in ALL.iter().enumerate() {
            let (name, plain, _) = operation.about();
            let plain = ALL.iter().position(|other| *other == plain).unwrap_or(place);
            let rate = of(place, |run| run.load.rate);
            let numbers = vec![
                rate,
                rate / of(plain, |run| run.load.rate),
                of(place, |run| run.load.p50),
                of(place, |run| run.load.p99),
                of(place, |run| run.inside),
            ];
            table.push(Row::new(name, numbers));
        }
        Ok(table)
    }

    async fn run(
        &mut self,
        operation: Operation,
        connections: usize,
        requests: usize,
    ) -> Result<Run, String> {
        let (_, _, before) = operation.about();
        let clustered = self.nodes.len() > 1;
        let key = match (clustered, before) {
            (false, _) => format!("{}__rand_int__{}", KEY.0, KEY.1),
            (true, Before::Nothing) => "tidemark.1:{tag}:__rand_int__".to_owned(),
            (true, _) => "tidemark.1:{tag}".to_owned(),
        };
        let command = operation.command(&key);
        let load = Load {
            port: self.nodes.first().map_or(0, |node| node.port),
            cluster: clustered,
            connections,
            pipeline: 1,
            requests,
            spread: if before == Before::Nothing { ENDLESS } else { KEYS },
            apart: connections > 1,
            command: &command,
        };
        self.prepare(before, &load, &key).await?;
        let load = load.run(self.program)?;
        let (mut calls, mut time) = (0.0, 0.0);
        for connection in &mut self.connections {
            let stats = redis::cmd("INFO").arg("commandstats").query_async::<String>(connection).await;
            let stats = stats.map_err(|error| error.to_string())?;
            let (more, longer) = within(&stats, &command[0]).unwrap_or_default();
            calls += more;
            time += longer;
        }
        Ok(Run { load, inside: time / calls })
    }

    /// Empties the nodes, and puts there what is to be found.
    async fn prepare(&mut self, before: Before, load: &Load<'_>, key: &str) -> Result<(), String> {
        for connection in &mut self.connections {
            redis::cmd("FLUSHALL").query_async::<()>(connection).await.map_err(|error| error.to_string())?;
        }
        if let Some(value) = before.value() {
            match &mut self.connections[..] {
                [node] => fill(node, KEYS, &value).await?,
                _ => {
                    let value = String::from_utf8_lossy(&value).into_owned();
                    let life = LIFE_MS.to_string();
                    let words = ["SET", key, &value, "PX", &life].map(str::to_owned);
                    // Slots are drawn: after seven times as many, one in a thousand is left out.
                    Load {
                        command: &words,
                        requests: 7 * SLOTS,
                        pipeline: 32,
                        connections: 50,
                        ..load.clone()
                    }
                    .run(self.program)?;
                }
            }
        }
        for connection in &mut self.connections {
            let forget = redis::cmd("CONFIG").arg("RESETSTAT").to_owned();
            forget.query_async::<()>(connection).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

fn many(connections: usize) -> String {
    if connections == 1 { "1 connection".to_owned() } else { format!("{connections} connections") }
}

/// Calls and microseconds of a command: `cmdstat_get:calls=2000,usec=188,usec_per_call=0.09,…`.
fn within(stats: &str, command: &str) -> Option<(f64, f64)> {
    let name = format!("cmdstat_{}:", command.to_lowercase());
    let line = stats.lines().find_map(|line| line.strip_prefix(&name))?;
    let number = |name: &str| line.split(',').find_map(|field| field.strip_prefix(name)?.parse().ok());
    Some((number("calls=")?, number("usec=")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_within_a_command_is_found_among_others() {
        let stats = "# Commandstats\r\ncmdstat_getrange:calls=1,usec=40,usec_per_call=40.00\r\ncmdstat_get:calls=2000,usec=188,usec_per_call=0.09,rejected_calls=0\r\n";
        assert_eq!(within(stats, "GET"), Some((2_000.0, 188.0)));
        assert_eq!(within(stats, "SET"), None);
    }
}
