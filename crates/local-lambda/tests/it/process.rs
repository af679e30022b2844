//! Child processes in general.

use std::process::{Command, Stdio};
use std::time::Duration;

use local_lambda::Process;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::ChildStdout;

use crate::scene::{soon, state};

/// A shell that says when it is ready to be dealt with.
async fn shell(script: &str) -> (Process, BufReader<ChildStdout>) {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut process = soon(Process::spawn(command)).await.unwrap();
    let mut output = BufReader::new(ChildStdout::from_std(process.take_stdout().unwrap()).unwrap());
    let mut line = String::new();
    soon(output.read_line(&mut line)).await.unwrap();
    assert_eq!(line, "ready\n");
    (process, output)
}

#[tokio::test]
async fn a_dropped_process_takes_its_own_children_along() {
    let (process, mut output) = shell("sleep 60 & echo ready; wait").await;
    drop(process);
    // The pipe ends when the last process that holds it has ended.
    soon(output.read_to_end(&mut Vec::new())).await.unwrap();
}

#[tokio::test]
async fn freezing_a_process_freezes_its_children() {
    let (process, mut output) = shell("sleep 60 & echo ready; echo $!; wait").await;
    let mut child = String::new();
    soon(output.read_line(&mut child)).await.unwrap();
    let child = child.trim().parse().unwrap();
    process.freeze();
    // The kernel tells nobody about a grandchild.
    soon(async {
        while state(child) != Some('T') {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn stopping_is_asking_first_and_forcing_after_the_grace() {
    let (polite, _output) = shell("trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done").await;
    assert_eq!(soon(polite.stop(Duration::from_secs(30))).await.code(), Some(5));
    assert!(polite.has_ended());
    assert_eq!(state(polite.pid()), None);

    let (stubborn, _output) = shell("trap '' TERM; echo ready; while :; do sleep 0.01; done").await;
    assert_eq!(soon(stubborn.stop(Duration::from_millis(50))).await.to_string(), "signal: 9 (SIGKILL)");
}

#[tokio::test]
async fn signals_to_an_ended_process_do_nothing() {
    let (process, _output) = shell("echo ready; exit 0").await;
    assert!(soon(process.ended()).await.success());
    process.freeze();
    process.thaw();
    process.kill();
    assert!(soon(process.ended()).await.success());
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error() {
    let error = Process::spawn(Command::new("/no/such/program")).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}
