//! Instructions and system calls of one invocation.
//!
//! Counted over two runs of different length; the difference of the counts by the difference of the lengths leaves out start
//! and end, and repeats to a fraction of a percent. Instructions by valgrind, system calls by strace; where one of them is missing
//! or may not trace, its column is empty.

use std::path::Path;
use std::process::Command;

use crate::function::Start;
use crate::hit::Variant;
use crate::report::{Row, Table};
use crate::seed::seed;
use crate::server::Server;

/// The two lengths, in invocations.
const LENGTHS: [u64; 2] = [200, 1_200];

/// What one invocation takes; `None` where it cannot be counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Instructions in user space.
    pub instructions: Option<f64>,
    /// System calls.
    pub calls: Option<f64>,
}

/// Counts both for every variant. An interpreter's are left out: they say nothing about the program it runs.
pub async fn measure(variants: &[Variant], bytes: usize) -> Result<Table, String> {
    let server = Server::start().await?;
    let bytes = seed(&server, bytes).await?;
    let how = format!("Difference of two runs, by valgrind and strace; body of {bytes} bytes.");
    let mut table = Table::new("One invocation", how, &["variant", "instructions", "system calls"]);
    for variant in variants.iter().filter(|variant| !variant.name.starts_with("Python")) {
        let cost = cost(variant, &server).await?;
        let numbers = vec![cost.instructions.unwrap_or(f64::NAN), cost.calls.unwrap_or(f64::NAN)];
        table.push(Row::new(variant.name, numbers));
    }
    Ok(table)
}

/// Counts both for a variant against a seeded server.
pub async fn cost(variant: &Variant, server: &Server) -> Result<Cost, String> {
    let folder = std::env::temp_dir().join(format!("tidemark-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut cost = Cost::default();
    if works("valgrind", &["--version"]) {
        let log = folder.join("instructions");
        let under = counting(&log);
        let under: Vec<&str> = under.iter().map(String::as_str).collect();
        cost.instructions = per_invocation(variant, server, &under, &log, instructions).await?;
    }
    if works("strace", &["-c", "-o", "/dev/null", "true"]) {
        let log = folder.join("calls");
        let output = log.to_string_lossy().into_owned();
        cost.calls =
            per_invocation(variant, server, &["strace", "-f", "-c", "-o", &output], &log, calls).await?;
    }
    // It is below the system's temporary folder; what is left is no harm.
    let _left = std::fs::remove_dir_all(&folder);
    Ok(cost)
}

/// What comes before a command so that its [`instructions`] are counted into a file.
pub fn counting(log: &Path) -> [String; 5] {
    let words = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"];
    let [program, tool, simulation, details] = words.map(str::to_owned);
    [program, tool, simulation, details, format!("--log-file={}", log.display())]
}

/// Whether a program is there and does its work.
pub fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

async fn per_invocation(
    variant: &Variant,
    server: &Server,
    under: &[&str],
    log: &Path,
    read: fn(&str) -> Option<u64>,
) -> Result<Option<f64>, String> {
    let mut counts = Vec::new();
    for length in LENGTHS {
        run(&variant.start.clone().under(under), variant, server, length).await?;
        let text = std::fs::read_to_string(log).map_err(|error| format!("{}: {error}", log.display()))?;
        counts.push(read(&text).ok_or_else(|| format!("{}: no count in {text}", variant.name))?);
    }
    let more = counts[1].saturating_sub(counts[0]);
    Ok(Some(more as f64 / (LENGTHS[1] - LENGTHS[0]) as f64))
}

/// So many invocations; then the host hangs up, and the function ends by itself.
async fn run(start: &Start, variant: &Variant, server: &Server, invocations: u64) -> Result<(), String> {
    let mut function = start.run(&server.url()).await?;
    for _ in 0..invocations {
        function.host.invoke(&variant.event).map_err(|error| format!("{}: {error}", variant.name))?;
    }
    drop(function.host);
    function.process.ended().await;
    Ok(())
}

/// `I refs: 1,234` of cachegrind.
pub fn instructions(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.contains("refs:"))?;
    line.rsplit(':').next()?.trim().replace(',', "").parse().ok()
}

/// The total of `strace -c`: `100.00    0.012345           3      4567        12 total`.
fn calls(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.trim_end().ends_with("total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_in_what_the_programs_write() {
        let log = "==7== Cachegrind, a cache profiler\n==7== \n==7== I   refs:      12,345,678\n";
        assert_eq!(instructions(log), Some(12_345_678));
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
            ------ ----------- ----------- --------- --------- ----------------\n\
            100.00    0.012345           3      4567        12 total\n";
        assert_eq!(calls(table), Some(4_567));
        assert_eq!((instructions(""), calls("")), (None, None));
    }
}
