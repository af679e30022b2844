//! Nothing is left behind, however it ends.

use std::collections::BTreeMap;
use std::pin::pin;
use std::process::Stdio;
use std::sync::Arc;

use bytes::Bytes;
use futures::poll;
use local_lambda::{Function, FunctionConfig, Invoke, InvokeError};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::scene::{Meeting, example, invoke, probe, reaped, soon, state};

/// A function with one busy and one frozen environment, and the busy invocation's meeting.
async fn half_busy() -> (Arc<Function>, Meeting, Bytes) {
    let function = soon(Function::start(probe())).await.unwrap();
    let meeting = Meeting::open().await;
    let meet = Bytes::from(json!({"do": "meet", "at": meeting.address()}).to_string());
    let (one, other) = (function.invoke(meet.clone()), function.invoke(meet.clone()));
    let (one, other, ()) = tokio::join!(one, other, async {
        let guests = [meeting.guest().await, meeting.guest().await];
        for guest in guests {
            guest.release().await;
        }
    });
    one.and(other).unwrap();
    assert_eq!(function.environments().len(), 2);
    (function, meeting, meet)
}

#[tokio::test]
async fn stopping_ends_busy_and_frozen_processes_and_frees_their_ports() {
    let (function, meeting, meet) = half_busy().await;
    let told = invoke(&*function, json!({"do": "describe"})).await.unwrap();
    let address = told["env"]["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap().to_owned();
    let pids: Vec<_> = function.environments().iter().map(|environment| environment.pid).collect();
    let mut busy = pin!(function.invoke(meet));
    assert!(poll!(&mut busy).is_pending());
    let _guest = meeting.guest().await;

    soon(function.stop()).await;

    assert!(pids.iter().all(|pid| state(*pid).is_none()));
    assert_eq!(soon(busy).await, Err(InvokeError::Exited("signal: 9 (SIGKILL)".into())));
    assert!(function.environments().is_empty());
    TcpListener::bind(address).await.expect("the port should be free");
    let late = function.invoke(Bytes::from_static(b"{}")).await;
    assert_eq!(late, Err(InvokeError::Exited("the function was stopped".into())));
}

#[tokio::test]
async fn dropping_a_function_ends_its_processes() {
    let (function, ..) = half_busy().await;
    let environments = function.environments();
    drop(function);
    for environment in environments {
        reaped(environment.pid).await;
        assert_eq!(state(environment.pid), None);
    }
}

#[tokio::test]
async fn a_start_that_is_given_up_leaves_no_process() {
    let lifeline = Meeting::open().await;
    let env = BTreeMap::from([
        ("PROBE_INIT".to_owned(), "hang".to_owned()),
        ("PROBE_LIFELINE".to_owned(), lifeline.address()),
    ]);
    let start = Function::start(FunctionConfig { env, ..probe() });
    let guest = tokio::select! {
        _ = start => panic!("a start that hangs does not return"),
        guest = lifeline.guest() => guest,
    };
    guest.gone().await;
}

#[tokio::test]
async fn functions_end_with_the_process_that_runs_them_even_if_it_is_killed() {
    let mut host = Command::new(example("serve_function"))
        .arg(example("probe_function"))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let mut lambda = None;
    let lambda = loop {
        let line = soon(lines.next_line()).await.unwrap().expect("the host should get ready");
        match line.split_once(' ') {
            Some(("lambda", url)) => lambda = Some(url.to_owned()),
            _ if line == "ready" => break lambda.unwrap(),
            _ => {}
        }
    };
    // Busy, so that neither the loss of its Runtime API nor the hang-up of a stopped group's terminal could end it.
    let meeting = Meeting::open().await;
    let meet = json!({"do": "meet", "at": meeting.address()}).to_string();
    let url = format!("{lambda}/2015-03-31/functions/function/invocations");
    let request = reqwest::Client::new().post(url).header("X-Amz-Invocation-Type", "Event").body(meet);
    assert_eq!(soon(request.send()).await.unwrap().status(), 202);
    let guest = meeting.guest().await;

    host.start_kill().unwrap();

    soon(host.wait()).await.unwrap();
    guest.gone().await;
}
