//! `cargo xtask test`: everything that must hold before a change is kept.

use std::process::Command;

use crate::command::{self, Failure, command, watch};
use crate::{bench, dependencies, deploy, own_domain, template, tools};

/// Runs every check and prints how many tests passed and failed.
pub fn run(full: bool) -> Result<(), Failure> {
    step("format", command("cargo", &["fmt", "--all", "--check"]))?;
    template::lint()?;
    dependencies::check()?;
    step("lints", command("cargo", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    let mut documentation = command("cargo", &["doc", "--workspace", "--no-deps", "--quiet"]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    step("documentation", documentation)?;
    tools::browser()?;
    tools::cache_server()?;
    // Binaries and tests in one go: the features of dependencies are then resolved, and built, once.
    step("build", command("cargo", &["build", "--workspace", "--all-targets"]))?;
    let mut tests = command("cargo", &["test", "--workspace", "--no-fail-fast"]);
    if full {
        tests.env("TIDEMARK_FULL", "1");
    }
    println!("== tests");
    let mut counts = Counts::default();
    let succeeded = watch(tests, |line| counts.add(line))?;
    println!("\n{} passed, {} failed", counts.passed, counts.failed);
    if !succeeded {
        return Err("some tests failed".to_owned());
    }
    println!("== hit path");
    bench::gate()?;
    if full {
        println!("== another domain");
        own_domain::run()?;
        deploy::check()?;
    }
    Ok(())
}

fn step(name: &str, command: Command) -> Result<(), Failure> {
    println!("== {name}");
    command::run(command)
}

/// What the test runner says at the end of each test binary.
#[derive(Debug, Default)]
struct Counts {
    passed: u64,
    failed: u64,
}

impl Counts {
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let count = |word: &str| {
            let before = result.split(';').find(|part| part.trim().ends_with(word))?;
            before
                .trim()
                .trim_end_matches(word)
                .rsplit(' ')
                .find(|word| !word.is_empty())?
                .parse::<u64>()
                .ok()
        };
        self.passed += count("passed").unwrap_or_default();
        self.failed += count("failed").unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_binaries_add_up() {
        let mut counts = Counts::default();
        counts.add(
            "test result: ok. 15 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        );
        counts.add("test result: FAILED. 20 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.add("test a_test ... ok");
        assert_eq!((counts.passed, counts.failed), (35, 2));
    }
}
