//! The regression gate: instructions and system calls of the hit path against a committed baseline.
//!
//! Never time, which belongs to the machine. Counts repeat to a fraction of a percent on one machine; another C library or
//! processor brings other string functions, so a difference there is shown and does not fail.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::hit::Variant;
use crate::instructions::{Cost, cost, works};
use crate::seed::seed;
use crate::server::Server;

/// By how much a count may grow.
const TOLERANCE: f64 = 0.05;
/// By how many system calls more: how often a wait is woken for half an answer is the scheduler's doing.
const WAKES: f64 = 1.0;
/// The body's size in bytes.
const BYTES: usize = 1_000;

/// What was counted, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// What string functions depend on.
    pub counted_on: String,
    /// By variant.
    pub counts: Vec<Count>,
}

/// One variant's counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// The variant.
    pub variant: String,
    /// Instructions of one invocation.
    pub instructions: Option<f64>,
    /// System calls of one invocation.
    pub calls: Option<f64>,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing can be counted here.
    Skipped,
    /// What was compared, line by line, and whether all of it holds.
    Compared(Vec<String>, bool),
    /// The baseline was written.
    Accepted,
}

/// Counts the variants, and compares them with the baseline in `file`, or writes them there.
pub async fn gate(variants: &[Variant], file: &Path, accept: bool) -> Result<Verdict, String> {
    if !works("valgrind", &["--version"]) {
        return Ok(Verdict::Skipped);
    }
    let server = Server::start().await?;
    seed(&server, BYTES).await?;
    let mut now = Baseline { counted_on: surroundings(), counts: Vec::new() };
    for variant in variants.iter().filter(|variant| variant.name.starts_with("read-api")) {
        let Cost { instructions, calls } = cost(variant, &server).await?;
        now.counts.push(Count { variant: variant.name.to_owned(), instructions, calls });
    }
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    if accept {
        let text = serde_json::to_string_pretty(&now).map_err(|error| said(&error))?;
        std::fs::write(file, text + "\n").map_err(|error| said(&error))?;
        return Ok(Verdict::Accepted);
    }
    let text = std::fs::read_to_string(file).map_err(|error| said(&error))?;
    let before: Baseline = serde_json::from_str(&text).map_err(|error| said(&error))?;
    Ok(compare(&before, &now))
}

/// Says what the gate found; fails if a hit costs more than its baseline allows.
pub fn tell(verdict: Verdict, file: &Path) -> Result<(), String> {
    match verdict {
        Verdict::Skipped => println!("skipped: there is no valgrind to count with"),
        Verdict::Accepted => println!("written to {}", file.display()),
        Verdict::Compared(lines, holds) => {
            println!("{}", lines.join("\n"));
            if !holds {
                return Err("a hit costs more than its baseline allows; mend it, or accept it: cargo xtask bench gate --accept".to_owned());
            }
        }
    }
    Ok(())
}

fn compare(before: &Baseline, now: &Baseline) -> Verdict {
    let comparable = before.counted_on == now.counted_on;
    let mut lines = Vec::new();
    let mut holds = true;
    for count in &now.counts {
        let Some(known) = before.counts.iter().find(|known| known.variant == count.variant) else {
            lines.push(format!("{}: not in the baseline", count.variant));
            holds = false;
            continue;
        };
        let pairs = [
            ("instructions", known.instructions, count.instructions, 0.0),
            ("system calls", known.calls, count.calls, WAKES),
        ];
        for (what, was, is, more) in pairs {
            let (Some(was), Some(is)) = (was, is) else { continue };
            let grown = is / was - 1.0;
            lines.push(format!("{}: {is:.0} {what}, {:+.1} %", count.variant, grown * 100.0));
            holds &= is <= was * (1.0 + TOLERANCE) + more || !comparable;
        }
    }
    if !comparable {
        lines.push(format!(
            "not comparable: the baseline is from {}, this is {}",
            before.counted_on, now.counted_on
        ));
    }
    Verdict::Compared(lines, holds)
}

/// The C library, and what the processor offers string functions.
fn surroundings() -> String {
    let library = std::process::Command::new("ldd").arg("--version").output().ok();
    let library = library.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let offers = |flag: &str| processor.split_whitespace().any(|word| word == flag);
    let offered: Vec<_> =
        ["avx2", "erms", "fsrm", "avx512vl"].into_iter().filter(|flag| offers(flag)).collect();
    format!("{} with {}", library.lines().next().unwrap_or_default().trim(), offered.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(on: &str, instructions: f64, calls: f64) -> Baseline {
        let (instructions, calls) = (Some(instructions), Some(calls));
        let count = Count { variant: "read-api".to_owned(), instructions, calls };
        Baseline { counted_on: on.to_owned(), counts: vec![count] }
    }

    fn holds(before: &Baseline, now: &Baseline) -> bool {
        matches!(compare(before, now), Verdict::Compared(_, true))
    }

    #[test]
    fn what_grew_by_more_than_a_twentieth_does_not_pass() {
        let before = baseline("here", 100_000.0, 10.0);
        assert!(holds(&before, &baseline("here", 104_900.0, 10.0)));
        assert!(holds(&before, &baseline("here", 50_000.0, 9.0)), "less is no regression");
        assert!(!holds(&before, &baseline("here", 105_100.0, 10.0)));
        assert!(holds(&before, &baseline("here", 100_000.0, 11.0)), "a wait was woken once more");
        assert!(!holds(&before, &baseline("here", 100_000.0, 12.0)));
        assert!(
            holds(&before, &baseline("there", 200_000.0, 10.0)),
            "counts of another machine prove nothing"
        );
        let unknown = Baseline { counts: Vec::new(), ..before.clone() };
        assert!(!holds(&unknown, &before), "a variant without a baseline is to be accepted first");
    }
}
