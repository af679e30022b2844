//! What is put under load: one node or a cluster, prepared anew for every run.

use redis::aio::MultiplexedConnection;

use crate::commands::{Before, Operation, SCRIPTS};
use crate::load::{Load, Outcome};
use crate::records::{KEY, LIFE_MS, fill};
use crate::server::Server;

/// Keys that are there when a run on one node begins: more than its requests, so that most are met once.
const KEYS: usize = 20_000;
/// So many that none is met twice.
const ENDLESS: usize = 2_000_000_000;
/// The slots of a cluster; each has one key when a run begins.
const SLOTS: usize = 16_384;

/// One node, or the primaries of a cluster.
pub struct Target<'a> {
    nodes: &'a [Server],
    connections: Vec<MultiplexedConnection>,
    program: &'static str,
    /// Of a cluster, each node's keys. The load has its own way to spell a slot.
    keys: Vec<Vec<String>>,
}

/// How much is asked in a run.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// Requests of all of them together.
    pub requests: usize,
}

/// What one run of an operation came to.
pub struct Run {
    /// As the load saw it.
    pub load: Outcome,
    /// Microseconds the server spends in one call, as it counts them.
    pub inside: f64,
}

impl Target<'_> {
    /// Tells every node the scripts; `program` will make the load.
    pub async fn new<'a>(nodes: &'a [Server], program: &'static str) -> Result<Target<'a>, String> {
        let mut connections = Vec::new();
        for node in nodes {
            let mut connection = node.connect().await?;
            for script in SCRIPTS.each() {
                let load = redis::cmd("SCRIPT").arg("LOAD").arg(&script.code).to_owned();
                load.query_async::<()>(&mut connection).await.map_err(|error| error.to_string())?;
            }
            connections.push(connection);
        }
        let mut target = Target { nodes, connections, program, keys: Vec::new() };
        if target.is_cluster() {
            target.spell().await?;
        }
        Ok(target)
    }

    /// What the servers are.
    pub fn version(&self) -> &str {
        self.nodes.first().map_or("", |node| node.version.as_str())
    }

    /// Whether there are several nodes.
    pub fn is_cluster(&self) -> bool {
        self.nodes.len() > 1
    }

    /// One run of an operation.
    pub async fn run(&mut self, operation: Operation, effort: Effort) -> Result<Run, String> {
        let (_, _, before) = operation.about();
        let command = operation.command(&match (self.is_cluster(), before) {
            (false, _) => format!("{}__rand_int__{}", KEY.0, KEY.1),
            (true, Before::Nothing) => "tidemark.1:{tag}:__rand_int__".to_owned(),
            (true, _) => "tidemark.1:{tag}".to_owned(),
        });
        self.prepare(before).await?;
        let spread = if before == Before::Nothing { ENDLESS } else { KEYS };
        let load = self.load(&command, effort, spread).run(self.program)?;
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

    fn load<'a>(&self, command: &'a [String], effort: Effort, spread: usize) -> Load<'a> {
        Load {
            port: self.nodes.first().map_or(0, |node| node.port),
            cluster: self.is_cluster(),
            connections: effort.connections,
            pipeline: 1,
            requests: effort.requests,
            spread,
            // Where each waits for the other in turn, two cores would only add the time to wake them.
            apart: effort.connections > 1,
            command,
        }
    }

    /// Learns how the load spells the slots of a cluster, by letting it write a key into nearly all of them.
    async fn spell(&mut self) -> Result<(), String> {
        let command = ["SET", "tidemark.1:{tag}", "-"].map(str::to_owned);
        // They are drawn: after seven times as many, one in a thousand is left out.
        let effort = Effort { connections: 50, requests: 7 * SLOTS };
        Load { pipeline: 32, ..self.load(&command, effort, 1) }.run(self.program)?;
        for connection in &mut self.connections {
            let keys = redis::cmd("KEYS").arg("*").query_async(connection).await;
            self.keys.push(keys.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// Empties the nodes, puts there what is to be found, and lets them count anew.
    async fn prepare(&mut self, before: Before) -> Result<(), String> {
        let value = before.value();
        for (place, connection) in self.connections.iter_mut().enumerate() {
            redis::cmd("FLUSHALL").query_async::<()>(connection).await.map_err(|error| error.to_string())?;
            match (&value, self.keys.get(place)) {
                (Some(value), None) => fill(connection, KEYS, value).await?,
                (Some(value), Some(keys)) => {
                    let mut sets = redis::pipe();
                    for key in keys {
                        sets.cmd("SET").arg(key).arg(&value[..]).arg("PX").arg(LIFE_MS).ignore();
                    }
                    sets.query_async::<()>(connection).await.map_err(|error| error.to_string())?;
                }
                (None, _) => {}
            }
            let forget = redis::cmd("CONFIG").arg("RESETSTAT").to_owned();
            forget.query_async::<()>(connection).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
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
        let stats = "# Commandstats\r\ncmdstat_getrange:calls=1,usec=40,usec_per_call=40.00\r\n\
            cmdstat_get:calls=2000,usec=188,usec_per_call=0.09,rejected_calls=0\r\n";
        assert_eq!(within(stats, "GET"), Some((2_000.0, 188.0)));
        assert_eq!(within(stats, "SET"), None);
    }
}
