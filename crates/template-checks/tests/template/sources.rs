//! What can only be seen in the sources: names read from the environment past the configuration, and requests to AWS.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use template_checks::template::root;

/// A crate's source files.
fn files(name: &str) -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    below(&root().join("crates").join(name).join("src"), &mut found);
    found
}

/// A file without its tests, which stand last.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// The dependencies in a crate's manifest, those of its tests left out.
fn dependencies(name: &str) -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
    let section = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let section = section.take_while(|line| !line.starts_with('['));
    section
        .filter_map(|line| Some(line.split(['=', '.', ' ']).next()?.to_owned()))
        .filter(|name| !name.is_empty())
        .collect()
}

/// A function's crate and all of the workspace's that it is made of.
pub fn parts(function: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    let mut open = vec![function.to_owned()];
    while let Some(name) = open.pop() {
        let ours = dependencies(&name).into_iter().filter(|name| root().join("crates").join(name).is_dir());
        if parts.insert(name.clone()) {
            open.extend(ours);
        }
    }
    parts
}

/// The names that a function reads from the environment itself: literals in `env::var` and its like. What Lambda sets
/// (`AWS_…`, `_…`) is none of the template's.
pub fn read_directly(function: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in parts(function).iter().flat_map(|part| files(part)) {
        let code = code(&path);
        for call in ["env::var(\"", "env::var_os(\"", "from_env(\""] {
            for rest in code.split(call).skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                if !name.starts_with("AWS_") && !name.starts_with('_') {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    names
}

/// The operations a function's crates ask of AWS, as `crate: operation`: what follows `client` in a file that uses an SDK.
/// A request that is sent but begins otherwise fails here, because it would be missed.
pub fn operations(function: &str) -> BTreeSet<String> {
    let mut operations = BTreeSet::new();
    for part in parts(function) {
        for path in files(&part) {
            let code = code(&path);
            if !code.contains("aws_sdk_") {
                continue;
            }
            let dense: String = code.split_whitespace().collect();
            let begun: Vec<_> = dense
                .split("client.")
                .skip(1)
                .filter_map(|rest| rest.split_once("()").map(|(name, _)| name))
                .filter(|name| name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'))
                .collect();
            let sent = dense.matches(".send()").count();
            let here = path.display();
            assert_eq!(
                begun.len(),
                sent,
                "{here} sends {sent} requests, but of what is asked only {begun:?} is seen"
            );
            operations.extend(begun.iter().map(|operation| format!("{part}: {operation}")));
        }
    }
    operations
}
