//! The engine alone: time and instructions of each operation, over a store in memory.

use std::path::Path;
use std::process::Command;

use clap::ValueEnum;

use crate::clock::now;
use crate::instructions::{counting, instructions, works};
use crate::operation::{BYTES, Engine, LARGE, Operation};
use crate::report::{Row, Table};
use crate::samples::median;

/// What this program is asked for when it is run to be counted: `repeat <operation> <times>`.
pub const REPEAT: &str = "repeat";
/// The two lengths whose counts are compared, in operations.
const LENGTHS: [u64; 2] = [100, 600];
/// Operations in a round.
const BATCH: u64 = 2_000;

/// Measures every operation; the rounds interleaved.
pub async fn measure(rounds: usize) -> Result<Table, String> {
    let engine = Engine::new().await?;
    let operations = Operation::value_variants();
    let mut times = vec![Vec::new(); operations.len()];
    for round in 0..rounds {
        for turn in 0..operations.len() {
            let place = (round + turn) % operations.len();
            let began = now();
            engine.repeat(operations[place], BATCH).await?;
            times[place].push(began.elapsed().as_secs_f64() * 1e9 / BATCH as f64);
        }
    }
    let build = if cfg!(debug_assertions) { " **Not a release build.**" } else { "" };
    let mut table = Table::new(
        "Engine",
        format!(
            "In one process, over the store in memory; bodies of {BYTES} bytes, large ones of {LARGE}; a miss includes emptying its key; medians of {rounds} rounds of {BATCH} each, interleaved; instructions are the difference of two runs, by valgrind.{build}"
        ),
        &["operation", "ns", "instructions"],
    );
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let counted = works("valgrind", &["--version"]);
    for (operation, times) in operations.iter().zip(&times) {
        let instructions =
            if counted { count(*operation, &folder.path().join("instructions"))? } else { f64::NAN };
        table.push(Row::new(operation.name(), vec![median(times), instructions]));
    }
    Ok(table)
}

/// Instructions of one operation.
fn count(operation: Operation, log: &Path) -> Result<f64, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let name = operation.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let mut counts = Vec::new();
    for length in LENGTHS {
        let words = counting(log);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(&this).args([REPEAT, &name, &length.to_string()]);
        let output = command.output().map_err(|error| format!("valgrind: {error}"))?;
        let text = std::fs::read_to_string(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let count = instructions(&text).filter(|_| output.status.success());
        counts.push(count.ok_or_else(|| {
            format!("{name}: no count in {text} {}", String::from_utf8_lossy(&output.stderr))
        })?);
    }
    Ok(counts[1].saturating_sub(counts[0]) as f64 / (LENGTHS[1] - LENGTHS[0]) as f64)
}

/// Does what [`REPEAT`] asks; `None` if these arguments do not ask it.
pub async fn repeat(arguments: &[String]) -> Option<Result<(), String>> {
    let [_, asked, operation, times] = arguments else { return None };
    if asked != REPEAT {
        return None;
    }
    let operation = Operation::from_str(operation, false);
    let times = times.parse().map_err(|error: std::num::ParseIntError| error.to_string());
    Some(match (operation, times) {
        (Ok(operation), Ok(times)) => match Engine::new().await {
            Ok(engine) => engine.repeat(operation, times).await,
            Err(error) => Err(error),
        },
        (Err(error), _) | (_, Err(error)) => Err(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_counted_is_asked_for_by_name() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(repeat(&words("bench hit --out x")).await, None);
        assert_eq!(repeat(&words("bench repeat hit-head 3")).await, Some(Ok(())));
        assert!(repeat(&words("bench repeat nothing 3")).await.unwrap().is_err());
    }
}
