//! `cargo deny`: what the workspace depends on, judged by `.deny.toml`.
//!
//! Licences, bans (who may stand above an SDK or redis, which crates may be there twice) and sources always; known
//! weaknesses where their database can be fetched. Where it cannot, that is said, and is no failure.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::command::{self, Failure, root};
use crate::program::target;
use crate::tools::on_path;

/// Installed where there is none: built without optimization, which takes a third of the time and judges as well.
const VERSION: &str = "0.20.2";

/// Judges the dependencies.
pub fn check() -> Result<(), Failure> {
    println!("== dependencies");
    let program = program()?;
    let deny = |arguments: &[&str]| {
        let mut command = command::command(&program.to_string_lossy(), &["--locked"]);
        command.args(arguments);
        command
    };
    command::run(deny(&["check", "--hide-inclusion-graph", "bans", "licenses", "sources"]))?;
    let mut fetch = deny(&["fetch", "db"]);
    let fetched = fetch.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if fetched.is_ok_and(|status| status.success()) {
        return command::run(deny(&["check", "--hide-inclusion-graph", "advisories"]));
    }
    println!("advisories not looked at: their database cannot be fetched from here");
    Ok(())
}

/// The one on the path, or ours.
fn program() -> Result<PathBuf, Failure> {
    if on_path("cargo-deny") {
        return Ok("cargo-deny".into());
    }
    let home = target().join("tools").join(format!("cargo-deny-{VERSION}"));
    let program = root().join(&home).join("bin").join("cargo-deny");
    if !program.is_file() {
        eprintln!("installing cargo-deny {VERSION}");
        let mut install = Command::new("cargo");
        install.args(["install", "cargo-deny", "--locked", "--debug", "--quiet", "--version", VERSION]);
        install.arg("--root").arg(&home).arg("--target-dir").arg(home.join("build"));
        install.env("CARGO_PROFILE_DEV_DEBUG", "0").current_dir(root());
        command::run(install)?;
        // Hundreds of megabytes, and never needed again.
        let _left_behind = std::fs::remove_dir_all(root().join(&home).join("build"));
    }
    Ok(program)
}
