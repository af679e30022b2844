//! `cargo xtask own-domain`: the functions built and tried with another domain.
//!
//! "Bring your own domain" (`docs/own-domain.md`) is followed here as a user would: the crates that go to AWS are copied
//! into a workspace of their own below `target/`, and the files of `tests/own-domain` are put over them. What the list
//! there leaves out does not compile, or fails the trial.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::command::{self, Failure, command, root};
use crate::program::target;

/// Files by their paths.
type Files = BTreeMap<PathBuf, String>;

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
    let workspace = target().join("own-domain");
    let wanted = assemble(&root())?;
    let crates = workspace.join("crates");
    if crates.is_dir() {
        remove_others(&crates, &|file| wanted.contains_key(file.strip_prefix(&workspace).unwrap_or(file)))?;
    }
    for (path, text) in &wanted {
        put(&workspace.join(path), text)?;
    }
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

/// The files of the workspace, by their paths in it.
fn assemble(root: &Path) -> Result<Files, Failure> {
    let manifest = read(&root.join("Cargo.toml"))?;
    let members = r#"members = ["crates/*", "tests"]"#;
    if !manifest.contains(members) {
        return Err(format!("Cargo.toml no longer says `{members}`"));
    }
    let mut files = Files::new();
    files.insert("Cargo.toml".into(), manifest.replace(members, r#"members = ["crates/*"]"#));
    files.insert("Cargo.lock".into(), read(&root.join("Cargo.lock"))?);
    let replaced = root.join("tests/own-domain");
    for name in CRATES {
        let (from, to) = (root.join("crates").join(name), Path::new("crates").join(name));
        // Without tests, which speak of products, and without what only they need.
        for part in fs::read_dir(&from).map_err(|error| format!("{}: {error}", from.display()))?.flatten() {
            let (part, is_folder) = (part.file_name(), part.path().is_dir());
            match part.to_str() {
                Some("Cargo.toml") => {
                    files.insert(to.join(&part), without_dev_dependencies(&read(&from.join(&part))?));
                }
                Some("src") => {
                    copy(&from.join(&part), &to.join(&part), &replaced.join(name).join(&part), &mut files)?;
                }
                _ if is_folder => {}
                _ => {
                    files.insert(to.join(&part), read(&from.join(&part))?);
                }
            }
        }
    }
    copy(&replaced.join("trial"), Path::new("crates/trial"), Path::new(""), &mut files)?;
    Ok(files)
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

/// Takes a folder in, without the files that `instead` has as well: those are taken from there.
fn copy(from: &Path, to: &Path, instead: &Path, files: &mut Files) -> Result<(), Failure> {
    let entries = fs::read_dir(from).map_err(|error| format!("{}: {error}", from.display()))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("{}: {error}", from.display()))?;
        let (name, path) = (entry.file_name(), entry.path());
        let replacement = instead.join(&name);
        if path.is_dir() {
            copy(&path, &to.join(&name), &replacement, files)?;
        } else {
            let is_replaced = !instead.as_os_str().is_empty() && replacement.is_file();
            files.insert(to.join(&name), read(if is_replaced { &replacement } else { &path })?);
        }
    }
    Ok(())
}

/// Removes the files below a folder that are not to be there: cargo would build what was taken away since the last time.
fn remove_others(folder: &Path, stays: &dyn Fn(&Path) -> bool) -> Result<(), Failure> {
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(said)? {
        let path = entry.map_err(said)?.path();
        if path.is_dir() {
            remove_others(&path, stays)?;
            // One that still holds something stays.
            let _gone = fs::remove_dir(&path);
        } else if !stays(&path) {
            fs::remove_file(&path).map_err(said)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes a file unless it holds just that: what is the same need not be built again.
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
        let mut files = Files::new();
        copy(&at("from"), Path::new("to"), &at("instead"), &mut files).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let expected = [("to/a.rs", "a"), ("to/src/b.rs", "mine")];
        assert_eq!(files, expected.map(|(path, text)| (path.into(), text.to_owned())).into());
    }

    #[test]
    fn what_was_taken_away_does_not_stay() {
        let folder = std::env::temp_dir().join(format!("own-domain-others-{}", std::process::id()));
        let at = |path: &str| folder.join(path);
        for path in ["a/src/lib.rs", "a/src/gone.rs", "b/src/lib.rs"] {
            put(&at(path), "").unwrap();
        }
        remove_others(&folder, &|path| path == at("a/src/lib.rs")).unwrap();
        let left = [at("a/src/lib.rs").exists(), at("a/src/gone.rs").exists(), at("b").exists()];
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(left, [true, false, false]);
    }
}
