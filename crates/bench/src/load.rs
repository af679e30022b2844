//! Load by `redis-benchmark`, the server's own tool: one command over and over, on many connections.

use std::process::Command;

use crate::instructions::works;
use crate::machine::{on_another_core, one_core};

/// One run.
#[derive(Debug, Clone)]
pub struct Load<'a> {
    /// The port of the server, or of one of a cluster.
    pub port: u16,
    /// Whether it is one of a cluster: `{tag}` in a key then stands for any slot of whichever node is asked.
    pub cluster: bool,
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// How many of those requests are sent together.
    pub pipeline: usize,
    /// Requests of all of them together.
    pub requests: usize,
    /// `__rand_int__` in an argument stands for twelve digits of a random number below this.
    pub spread: usize,
    /// Whether the load is on a core of its own, if there is one, or on that of the server.
    pub apart: bool,
    /// The command.
    pub command: &'a [String],
}

/// What one run came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Requests a second.
    pub rate: f64,
    /// Microseconds that half of them did not exceed.
    pub p50: f64,
    /// Microseconds that 99 of 100 did not exceed.
    pub p99: f64,
}

/// The program, if it is there.
pub fn program() -> Option<&'static str> {
    ["valkey-benchmark", "redis-benchmark"].into_iter().find(|name| works(name, &["--version"]))
}

impl Load<'_> {
    /// Runs it. An error that the server answers ends it, and is returned.
    pub fn run(&self, program: &str) -> Result<Outcome, String> {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "--csv", "--precision", "3"]);
        let numbers = [
            ("-p", usize::from(self.port)),
            ("-c", self.connections),
            ("-P", self.pipeline),
            ("-n", self.requests),
            ("-r", self.spread),
        ];
        for (name, number) in numbers {
            command.arg(name).arg(number.to_string());
        }
        command.args(self.cluster.then_some("--cluster")).args(self.command);
        // A child begins on the core of the thread that starts it.
        if self.apart {
            on_another_core();
        }
        let output = command.output();
        one_core()?;
        let output = output.map_err(|error| format!("{program}: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        read(&said).filter(|_| output.status.success()).ok_or_else(|| {
            format!(
                "{program} {}: {said} {}",
                self.command.join(" "),
                String::from_utf8_lossy(&output.stderr)
            )
        })
    }
}

/// The last line: the command, which may hold anything; then rate, mean, least, p50, p95, p99 and most in milliseconds.
fn read(csv: &str) -> Option<Outcome> {
    let line = csv.lines().rfind(|line| !line.is_empty())?;
    let mut fields = line.trim_end_matches('"').rsplit("\",\"").map(|field| field.parse::<f64>().ok());
    let [_most, p99, _p95, p50, _least, _mean, rate] = std::array::from_fn(|_| fields.next().flatten());
    Some(Outcome { rate: rate?, p50: p50? * 1_000.0, p99: p99? * 1_000.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_from_its_end_because_the_command_may_hold_anything() {
        let csv = "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\",\"p95_latency_ms\",\"p99_latency_ms\",\"max_latency_ms\"\n\
            \"set k {\"a\",\"b\":1}\",\"40000.00\",\"0.083\",\"0.024\",\"0.079\",\"0.127\",\"0.175\",\"1.087\"\n";
        assert_eq!(read(csv), Some(Outcome { rate: 40_000.0, p50: 79.0, p99: 175.0 }));
        assert_eq!(read(csv.lines().next().unwrap()), None, "nothing was measured");
        assert_eq!(read(""), None);
    }
}
