//! Functions that do not start.

use std::collections::BTreeMap;
use std::time::Duration;

use local_lambda::{Function, FunctionConfig, StartError};

use crate::scene::{Meeting, probe, soon, state};

/// A probe whose start goes wrong in the given way; what became of its process is checked by the caller.
async fn failed_start(how: &str, init_timeout: Duration) -> (StartError, u32) {
    let lifeline = Meeting::open().await;
    let env = BTreeMap::from([
        ("PROBE_INIT".to_owned(), how.to_owned()),
        ("PROBE_LIFELINE".to_owned(), lifeline.address()),
    ]);
    let start = Function::start(FunctionConfig { env, init_timeout, ..probe() });
    let (started, guest) = tokio::join!(soon(start), lifeline.guest());
    let pid = guest.pid;
    guest.gone().await;
    (started.err().expect("the start should have failed"), pid)
}

#[tokio::test]
async fn a_process_that_ends_while_it_starts_is_one_clear_error_and_leaves_nothing() {
    let (error, pid) = failed_start("exit", Duration::from_secs(30)).await;
    assert_eq!(
        error.to_string(),
        "function probe ended while it started (exit status: 7): TABLE_NAME is not set"
    );
    assert_eq!(error.stderr(), ["TABLE_NAME is not set"]);
    assert_eq!(state(pid), None);
}

#[tokio::test]
async fn a_reported_failure_is_the_error_and_ends_the_process() {
    let (error, pid) = failed_start("report", Duration::from_secs(30)).await;
    assert_eq!(error.to_string(), "function probe failed to start: Probe.NoTable: the table does not exist");
    assert_eq!(state(pid), None);
}

#[tokio::test]
async fn a_process_that_never_asks_for_an_invocation_is_ended() {
    let (error, pid) = failed_start("hang", Duration::from_millis(500)).await;
    assert_eq!(
        error.to_string(),
        "function probe was not ready within 0.5 s: waiting for a database that never answers"
    );
    assert_eq!(state(pid), None);
}

#[tokio::test]
async fn a_binary_that_is_not_there_is_named() {
    let start = Function::start(FunctionConfig::new("orders", "/no/such/binary"));
    let error = soon(start).await.err().expect("there is no such binary");
    assert_eq!(
        error.to_string(),
        "function orders cannot be started: /no/such/binary: No such file or directory (os error 2)"
    );
}
