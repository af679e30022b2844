//! The stack as a program: it comes up, says where it is, and leaves nothing behind.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use integration_tests::binaries;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

fn start(binary: &Path, folder: &Path, port: u16) -> Child {
    Command::new(binary)
        .args(["--json", "--port", &port.to_string()])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn children(pid: u32) -> Vec<i32> {
    let mut found = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let list = std::fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default();
        found.extend(list.split_whitespace().map(|pid| pid.parse::<i32>().unwrap()));
    }
    found
}

fn runs(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}

fn stop(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

fn rest(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn it_prints_one_line_of_json_answers_and_ends_with_nothing_left_behind() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = start(&binaries().join("local"), folder.path(), 0);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let endpoints: Value = serde_json::from_str(&line).unwrap();
        for name in ["edge", "api", "dynamodb", "cloudfront", "cache", "table", "distribution", "invoke"] {
            assert!(endpoints.get(name).is_some(), "{name} is missing in {line}");
        }
        let edge = endpoints["edge"].as_str().unwrap();
        let answer = reqwest::get(format!("{edge}/api/products/boots-001")).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let environment = std::fs::read_to_string(folder.path().join(".env.local")).unwrap();
        assert!(environment.contains(&format!("VALKEY_URL={}", endpoints["cache"].as_str().unwrap())));

        let family = children(child.id());
        assert!(family.len() >= 4, "a cache and three functions: {family:?}");
        stop(&child, signal);
        assert!(child.wait().unwrap().success());
        assert_eq!(family.into_iter().filter(|pid| runs(*pid)).count(), 0);
        assert!(!folder.path().join(".env.local").exists());
        let mut more = String::new();
        output.read_to_string(&mut more).unwrap();
        assert_eq!(more, "", "nothing but the one line on standard output");
    }
}

#[test]
fn a_taken_port_is_one_clear_line_and_nothing_is_left_running() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(&binaries().join("local"), folder.path(), port);
    assert!(!child.wait().unwrap().success());
    let said = rest(&mut child);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&format!("cannot listen on port {port}")) && said.contains("--port"), "{said}");
}

/// A folder with the stack's binaries, one of them replaced by a program that ends at once.
fn binaries_with_a_dead(function: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let functions =
        ["read-api", "write-api", "stream-invalidator", "edge-invalidator", "consistency-auditor"];
    for name in functions.into_iter().chain(["local"]) {
        let source = if name == function { PathBuf::from("/bin/false") } else { binaries().join(name) };
        if source.exists() {
            std::fs::copy(source, folder.path().join(name)).unwrap();
        }
    }
    let local = folder.path().join("local");
    (folder, local)
}

#[test]
fn a_function_that_dies_at_start_is_named_and_nothing_is_left_running() {
    let (folder, local) = binaries_with_a_dead("write-api");
    let mut child = start(&local, folder.path(), 0);
    assert!(!child.wait().unwrap().success());
    let said = rest(&mut child);
    let errors: Vec<_> = said.lines().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    assert!(errors[0].contains("write-api did not start"), "{said}");
    assert!(!folder.path().join(".env.local").exists());
}

#[test]
fn a_stack_that_is_killed_takes_its_children_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(&binaries().join("local"), folder.path(), 0);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let family = children(child.id());
    assert!(!family.is_empty());
    stop(&child, Signal::SIGKILL);
    child.wait().unwrap();
    let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    for pid in family {
        // The kernel signals the children when their parent ends; that is soon, but not at once.
        while runs(pid) && !is_zombie(pid) {
            assert!(tokio::time::Instant::now() < patience, "{pid} still runs");
            std::thread::yield_now();
        }
    }
}

fn is_zombie(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}
