//! `cargo xtask up` and others: build, then become the program.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use crate::command::{self, Failure, command, root};

/// The stack, the functions it runs, and the edge alone. Built together whichever is asked for: the packages that are named
/// decide the features of what they depend on, and another choice would compile all of it anew.
pub const STACK: [&str; 7] = [
    "local",
    "local-edge",
    "read-api",
    "write-api",
    "stream-invalidator",
    "edge-invalidator",
    "consistency-auditor",
];

/// Builds packages and replaces this process by one of their binaries, so that a signal reaches it and nothing else.
pub fn become_program(packages: &[&str], binary: &str, arguments: &[String]) -> Result<(), Failure> {
    let mut build = command("cargo", &["build", "--bins"]);
    build.args(packages.iter().flat_map(|name| ["--package", name]));
    // Standard output is kept for the program's own words.
    build.stdout(std::io::stderr());
    command::run(build)?;
    become_binary(&target().join("debug").join(binary), arguments)
}

/// Replaces this process by a binary that is there.
pub fn become_binary(binary: &Path, arguments: &[String]) -> Result<(), Failure> {
    let error = command(&binary.to_string_lossy(), &[]).args(arguments).exec();
    Err(format!("{} cannot be run: {error}", binary.display()))
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into)
}
