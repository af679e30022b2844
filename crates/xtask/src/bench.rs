//! `cargo xtask bench`: builds what is measured as it is shipped, then measures.

use std::process::Command;

use crate::command::{self, Failure, command};
use crate::program::{become_program, target};
use crate::tools;

/// What is measured.
const MEASURED: [&str; 6] = [
    "read-api",
    "write-api",
    "stream-invalidator",
    "edge-invalidator",
    "consistency-auditor",
    "bench-rivals",
];

/// What measures the local stack.
const OF_THE_STACK: [&str; 2] = ["lag", "sustained"];

/// Builds everything and becomes the measuring program.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    tools::cache_server()?;
    if arguments.first().is_some_and(|first| first == "gate") {
        build(&MEASURED[..1])?;
        return become_program(&["bench"], "bench", &with_places(arguments, None));
    }
    build(&MEASURED)?;
    if measures_the_stack(arguments) {
        // By itself: what it depends on must not decide how the functions are built.
        command::run(command("cargo", &["build", "--release", "--package", "local", "--bin", "local"]))?;
    }
    let python = tools::python_rivals()?.join("python");
    become_program(&["bench"], "bench", &with_places(arguments, Some(&python.to_string_lossy())))
}

/// The gate of `cargo xtask test`, which has built the measuring program with everything else.
pub fn gate() -> Result<(), Failure> {
    build(&MEASURED[..1])?;
    let mut gate = Command::new(target().join("debug").join("bench"));
    gate.args(with_places(&["gate".to_owned()], None));
    command::run(gate)
}

/// The races, in a workspace of their own: five cache libraries that nothing else here needs.
pub fn races() -> Result<(), Failure> {
    tools::cache_server()?;
    let mut run = command("cargo", &["run", "--quiet", "--locked", "--manifest-path", "races/Cargo.toml"]);
    run.env("CARGO_TARGET_DIR", target().join("races"));
    command::run(run)
}

/// By name, or because nothing is named: flags and their values begin otherwise.
fn measures_the_stack(arguments: &[String]) -> bool {
    let is_name = |word: &&String| word.starts_with(|first: char| first.is_ascii_lowercase());
    let mut named = arguments.iter().filter(is_name).peekable();
    named.peek().is_none() || named.any(|word| OF_THE_STACK.contains(&word.as_str()))
}

fn build(packages: &[&str]) -> Result<(), Failure> {
    let mut build = command("cargo", &["build", "--release", "--bins"]);
    build.args(packages.iter().flat_map(|name| ["--package", name]));
    command::run(build)
}

fn with_places(arguments: &[String], python: Option<&str>) -> Vec<String> {
    let folder = |name: &str| target().join(name).to_string_lossy().into_owned();
    let mut all = arguments.to_vec();
    all.extend(["--binaries".to_owned(), folder("release"), "--out".to_owned(), folder("bench")]);
    all.extend(["--stack".to_owned(), folder("release/local")]);
    all.extend(python.into_iter().flat_map(|python| ["--python".to_owned(), python.to_owned()]));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_is_built_when_it_is_measured() {
        let asked = |typed: &str| {
            measures_the_stack(&typed.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        };
        assert!(asked("") && asked("--long") && asked("hit lag --bytes 5000") && asked("sustained"));
        assert!(!asked("hit") && !asked("cold invalidation --long --bytes 5000"));
    }
}
