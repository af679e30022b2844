//! `cargo xtask up`: build, then become the local stack.

use std::os::unix::process::CommandExt;

use crate::command::{self, Failure, command, root};

/// The functions and the stack that runs them.
pub const BINARIES: [&str; 4] = ["local", "read-api", "write-api", "stream-invalidator"];

/// Builds what is needed and replaces this process by the stack, so that a signal reaches it and nothing else.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    let packages: Vec<_> = BINARIES.iter().flat_map(|name| ["--package", name]).collect();
    let mut build = command("cargo", &["build"]);
    build.args(packages).args(["--bins"]);
    // Standard output is kept for the stack's own words.
    build.stdout(std::io::stderr());
    command::run(build)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let binary = target.join("debug").join("local");
    let error = command(&binary.to_string_lossy(), &[]).args(arguments).exec();
    Err(format!("{} cannot be run: {error}", binary.display()))
}
