//! `cargo xtask own-domain`: the functions built and tried with another domain.
//!
//! "Bring your own domain" (`docs/own-domain.md`) is followed here as a user would: the crates that go to AWS are copied
//! into a workspace of their own below `target/`, and the files of `tests/own-domain` are put over them. What the list
//! there leaves out does not compile, or fails the trial.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::command::{self, Failure, command, root};

/// What goes to AWS, and what that is made of.
const CRATES: [&str; 12] = [
    "bus-eventbridge",
    "cache",
    "cache-valkey",
    "catalog",
    "consistency-auditor",
    "edge-cloudfront",
    "edge-invalidator",
    "lambda-support",
    "read-api",
    "source-dynamodb",
    "stream-invalidator",
    "write-api",
];

/// Builds every function with the other domain, and runs the trial.
pub fn run() -> Result<(), Failure> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let workspace = target.join("own-domain");
    assemble(&root(), &workspace)?;
    for task in [&["build", "--workspace", "--bins"][..], &["test", "--package", "own-domain-trial"]] {
        let mut cargo = command("cargo", task);
        // Not among the real ones: binaries of the same name would take their place.
        cargo.current_dir(&workspace).env("CARGO_TARGET_DIR", workspace.join("target"));
        // It is built to be seen to build.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
        command::run(cargo)?;
    }
    Ok(())
}

/// Makes the workspace; what is there already and the same is left as it is, so that it need not be built again.
fn assemble(root: &Path, workspace: &Path) -> Result<(), Failure> {
    let manifest = read(&root.join("Cargo.toml"))?;
    let members = r#"members = ["crates/*", "tests"]"#;
    if !manifest.contains(members) {
        return Err(format!("Cargo.toml no longer says `{members}`"));
    }
    put(&workspace.join("Cargo.toml"), &manifest.replace(members, r#"members = ["crates/*"]"#))?;
    put(&workspace.join("Cargo.lock"), &read(&root.join("Cargo.lock"))?)?;
    let replaced = root.join("tests/own-domain");
    for name in CRATES {
        let (from, to) = (root.join("crates").join(name), workspace.join("crates").join(name));
        // Without tests, which speak of products, and without what only they need.
        for part in fs::read_dir(&from).map_err(|error| format!("{}: {error}", from.display()))?.flatten() {
            let (part, is_folder) = (part.file_name(), part.path().is_dir());
            match part.to_str() {
                Some("Cargo.toml") => {
                    put(&to.join(&part), &without_dev_dependencies(&read(&from.join(&part))?))?;
                }
                Some("src") => copy(&from.join(&part), &to.join(&part), &replaced.join(name).join(&part))?,
                _ if is_folder => {}
                _ => put(&to.join(&part), &read(&from.join(&part))?)?,
            }
        }
    }
    let trial = workspace.join("crates/trial");
    copy(&replaced.join("trial"), &trial, Path::new(""))
}

fn without_dev_dependencies(manifest: &str) -> String {
    let mut kept = String::new();
    let mut skipping = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            skipping = line == "[dev-dependencies]";
        }
        if !skipping {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Copies a folder, without the files that `instead` has as well: those are taken from there.
fn copy(from: &Path, to: &Path, instead: &Path) -> Result<(), Failure> {
    let entries = fs::read_dir(from).map_err(|error| format!("{}: {error}", from.display()))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("{}: {error}", from.display()))?;
        let (name, path) = (entry.file_name(), entry.path());
        let replacement = instead.join(&name);
        if path.is_dir() {
            copy(&path, &to.join(&name), &replacement)?;
        } else {
            let is_replaced = !instead.as_os_str().is_empty() && replacement.is_file();
            put(&to.join(&name), &read(if is_replaced { &replacement } else { &path })?)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes a file unless it holds just that.
fn put(path: &Path, text: &str) -> Result<(), Failure> {
    match fs::read_to_string(path) {
        Ok(there) if there == text => return Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(format!("{}: {error}", path.display()));
        }
        _ => {}
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_need_is_left_out() {
        let manifest = "[dependencies]\na = 1\n[dev-dependencies]\nb = 2\n[lints]\nworkspace = true\n";
        assert_eq!(without_dev_dependencies(manifest), "[dependencies]\na = 1\n[lints]\nworkspace = true\n");
    }

    #[test]
    fn a_replaced_file_stands_in_for_its_original_and_the_rest_is_copied() {
        let folder = std::env::temp_dir().join(format!("own-domain-{}", std::process::id()));
        let at = |path: &str| folder.join(path);
        for (path, text) in [("from/a.rs", "a"), ("from/src/b.rs", "b"), ("instead/src/b.rs", "mine")] {
            put(&at(path), text).unwrap();
        }
        copy(&at("from"), &at("to"), &at("instead")).unwrap();
        let copied = [read(&at("to/a.rs")).unwrap(), read(&at("to/src/b.rs")).unwrap()];
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(copied, ["a", "mine"]);
    }
}
