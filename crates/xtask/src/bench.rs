//! `cargo xtask bench`: builds what is measured as it is shipped, then measures.

use std::process::Command;

use crate::command::{self, Failure, command};
use crate::program::{become_binary, become_program, target};
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

/// What is measured within the measuring program itself.
const WITHIN: [&str; 4] = ["engine", "store", "herd", "growth"];
/// What measures the local stack.
const OF_THE_STACK: [&str; 2] = ["lag", "sustained"];

/// Builds everything that is asked for, as it is shipped, and becomes the measuring program.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    tools::cache_server()?;
    let named = named(arguments);
    if named == ["gate"] {
        build(&MEASURED[..1])?;
        return become_program(&["bench"], "bench", &with_places(arguments, None));
    }
    // By itself, as the stack below: packages that are built together decide each other's features.
    build(&["bench"])?;
    let program = target().join("release").join("bench");
    if !named.is_empty() && named.iter().all(|name| WITHIN.contains(name)) {
        return become_binary(&program, &with_places(arguments, None));
    }
    build(&MEASURED)?;
    if named.is_empty() || named.iter().any(|name| OF_THE_STACK.contains(name)) {
        command::run(command("cargo", &["build", "--release", "--package", "local", "--bin", "local"]))?;
    }
    let python = tools::python_rivals()?.join("python");
    become_binary(&program, &with_places(arguments, Some(&python.to_string_lossy())))
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

/// What is to be measured; nothing: everything. Flags and their values begin otherwise.
fn named(arguments: &[String]) -> Vec<&str> {
    let is_name = |word: &&str| word.starts_with(|first: char| first.is_ascii_lowercase());
    arguments.iter().map(String::as_str).filter(is_name).collect()
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
    fn what_is_named_is_told_from_flags_and_their_values() {
        let asked = |typed: &str| {
            let words: Vec<_> = typed.split_whitespace().map(str::to_owned).collect();
            named(&words).join(" ")
        };
        assert_eq!(asked("hit lag --bytes 5000 --long"), "hit lag");
        assert_eq!(asked("--long"), "");
    }
}
