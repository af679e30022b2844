//! Invocations: reuse, freezing, scaling, waiting, failing.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use futures::poll;
use local_lambda::{
    EnvironmentState, Function, FunctionConfig, Invoke, InvokeError, LogStream, function_arn,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::scene::{Meeting, ended, invoke, probe, soon, state, stopped};

async fn started(config: FunctionConfig) -> Arc<Function> {
    soon(Function::start(config)).await.unwrap()
}

fn payload(value: Value) -> Bytes {
    value.to_string().into()
}

#[tokio::test]
async fn a_hundred_invocations_reuse_one_process_which_stands_still_in_between() {
    let function = started(probe()).await;
    let pid = function.environments()[0].pid;
    for number in 0..100 {
        stopped(pid).await;
        assert_eq!(state(pid), Some('T'));
        let answer = invoke(&*function, json!({"do": "describe", "number": number})).await.unwrap();
        assert_eq!(answer["pid"], pid);
    }
    stopped(pid).await;

    let environments = function.environments();
    assert_eq!(environments.len(), 1);
    assert_eq!(environments[0].state, EnvironmentState::Frozen);
    assert_eq!(environments[0].invocations, 100);
    let counters = function.counters();
    assert_eq!((counters.invocations, counters.cold_starts, counters.timeouts), (100, 1, 0));
}

#[tokio::test]
async fn a_function_runs_while_it_is_invoked() {
    let function = started(probe()).await;
    let meeting = Meeting::open().await;
    let invocation = invoke(&*function, json!({"do": "meet", "at": meeting.address()}));
    let (answer, ()) = tokio::join!(invocation, async {
        let guest = meeting.guest().await;
        assert_ne!(state(guest.pid), Some('T'));
        assert_eq!(function.environments()[0].state, EnvironmentState::Running);
        guest.release().await;
    });
    answer.unwrap();
}

#[tokio::test]
async fn a_function_is_told_what_lambda_tells_and_sees_no_variable_but_its_own() {
    let env = [("TABLE_NAME", "products"), ("AWS_REGION", "eu-central-1"), ("_HANDLER", "mine")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let function = started(FunctionConfig { env, memory_mb: 512, ..probe() }).await;
    let trace_id = "Root=1-6512bd43-d9caa6e02c990b0a82652dca";
    let describe = function.invoke_traced(payload(json!({"do": "describe"})), trace_id);
    let told: Value = serde_json::from_slice(&soon(describe).await.unwrap()).unwrap();

    assert_eq!(told["arn"], function_arn("probe"));
    assert_eq!(told["trace_id"], trace_id);
    assert_eq!(told["request_id"].as_str().unwrap().len(), 36);
    let left = told["deadline"].as_u64().unwrap().saturating_sub(wall_clock_ms());
    assert!((1..=60_000).contains(&left), "{left} ms left");

    let mut env: serde_json::Map<String, Value> = told["env"].as_object().unwrap().clone();
    assert!(env.remove("AWS_LAMBDA_RUNTIME_API").unwrap().as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(env.remove("AWS_LAMBDA_LOG_STREAM_NAME").unwrap().as_str().unwrap().contains("/[$LATEST]"));
    assert_eq!(env.remove("PATH").unwrap(), std::env::var("PATH").unwrap());
    // Set by the runtime itself, from the header.
    env.remove("_X_AMZN_TRACE_ID");
    assert_eq!(
        Value::Object(env),
        json!({
            "TABLE_NAME": "products",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": "probe",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/probe",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "_HANDLER": "bootstrap",
        })
    );
}

#[allow(clippy::disallowed_methods, reason = "the deadline is wall time")]
fn wall_clock_ms() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64
}

#[tokio::test]
async fn concurrent_invocations_scale_out_to_the_limit_and_then_wait_in_order() {
    let function = started(FunctionConfig { max_concurrency: 2, ..probe() }).await;
    let meeting = Meeting::open().await;
    let mut invocations = Vec::new();
    for name in ["first", "second", "third", "fourth"] {
        let (function, at) = (function.clone(), meeting.address());
        let mut invocation = Box::pin(async move {
            let answer = invoke(&*function, json!({"do": "meet", "at": at, "name": name})).await;
            answer.unwrap()["name"].take()
        });
        // Each takes its place before the next one asks.
        assert!(poll!(&mut invocation).is_pending());
        invocations.push(tokio::spawn(invocation));
    }
    let [first, second, third, fourth] = invocations.try_into().unwrap();
    let (one, other) = (meeting.guest().await, meeting.guest().await);
    assert_ne!(one.pid, other.pid);
    assert_eq!(function.environments().len(), 2);

    let freed = one.pid;
    one.release().await;
    let next = meeting.guest().await;
    assert_eq!(next.pid, freed);
    next.release().await;
    assert_eq!(soon(third).await.unwrap(), "third");
    assert!(!fourth.is_finished());
    meeting.guest().await.release().await;
    assert_eq!(soon(fourth).await.unwrap(), "fourth");

    other.release().await;
    soon(async { tokio::try_join!(first, second) }).await.unwrap();
    assert_eq!(function.counters().cold_starts, 2);
    assert_eq!(function.environments().len(), 2);
}

#[tokio::test]
async fn thousands_of_invocations_at_once_are_all_answered_by_few_processes() {
    let function = started(FunctionConfig { max_concurrency: 3, ..probe() }).await;
    let describe = || invoke(&*function, json!({"do": "describe"}));
    let answers = soon(join_all((0..2_000).map(|_| describe()))).await;

    let pids: HashSet<u64> =
        answers.into_iter().map(|answer| answer.unwrap()["pid"].as_u64().unwrap()).collect();
    assert!(pids.len() <= 3);
    assert_eq!(function.counters().invocations, 2_000);
}

#[tokio::test]
async fn who_waits_too_long_is_throttled() {
    let max_wait = Duration::from_millis(20);
    let function = started(FunctionConfig { max_concurrency: 1, max_wait, ..probe() }).await;
    let meeting = Meeting::open().await;
    let busy = invoke(&*function, json!({"do": "meet", "at": meeting.address()}));
    let (busy, ()) = tokio::join!(busy, async {
        let guest = meeting.guest().await;
        assert_eq!(invoke(&*function, json!({})).await, Err(InvokeError::Throttled));
        guest.release().await;
    });
    busy.unwrap();
    assert_eq!(function.counters().throttles, 1);
    assert_eq!(function.counters().invocations, 1);
}

#[tokio::test]
async fn who_gives_up_waiting_is_passed_over_and_who_gives_up_later_is_not() {
    let function = started(FunctionConfig { max_concurrency: 1, ..probe() }).await;
    let meeting = Meeting::open().await;
    let guest = {
        let mut abandoned = pin!(function.invoke(payload(json!({"do": "meet", "at": meeting.address()}))));
        assert!(poll!(&mut abandoned).is_pending());
        let guest = meeting.guest().await;
        let mut waiting = pin!(function.invoke(payload(json!({"do": "exit"}))));
        assert!(poll!(&mut waiting).is_pending());
        guest
    };
    let pid = guest.pid;
    let mut next = pin!(invoke(&*function, json!({"do": "describe"})));
    assert!(poll!(&mut next).is_pending());
    guest.release().await;

    assert_eq!(soon(next).await.unwrap()["pid"], pid);
    assert_eq!(function.counters().invocations, 2);
}

#[tokio::test]
async fn an_invocation_that_takes_too_long_costs_its_process() {
    let timeout = Duration::from_millis(300);
    let function = started(FunctionConfig { timeout, ..probe() }).await;
    let pid = function.environments()[0].pid;

    let error = invoke(&*function, json!({"do": "hang"})).await.unwrap_err();
    assert_eq!(error, InvokeError::TimedOut { seconds: 0.3 });
    assert_eq!(error.to_string(), "Task timed out after 0.30 seconds");
    ended(pid).await;

    let next = invoke(&*function, json!({"do": "describe"})).await.unwrap();
    assert_ne!(next["pid"], pid);
    let counters = function.counters();
    assert_eq!((counters.timeouts, counters.cold_starts), (1, 2));
}

#[tokio::test]
async fn a_process_that_ends_while_invoked_is_an_error_and_is_replaced() {
    let function = started(probe()).await;
    let pid = function.environments()[0].pid;
    let error = invoke(&*function, json!({"do": "exit"})).await.unwrap_err();
    assert_eq!(error, InvokeError::Exited("exit status: 3".into()));
    assert_ne!(invoke(&*function, json!({"do": "describe"})).await.unwrap()["pid"], pid);
}

#[tokio::test]
async fn a_process_that_ends_while_frozen_costs_no_invocation() {
    let function = started(probe()).await;
    let pid = function.environments()[0].pid;
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
    ended(pid).await;
    assert_ne!(invoke(&*function, json!({"do": "describe"})).await.unwrap()["pid"], pid);
}

#[tokio::test]
async fn an_error_of_the_function_keeps_its_process() {
    let function = started(probe()).await;
    let pid = function.environments()[0].pid;
    let error = invoke(&*function, json!({"do": "fail"})).await.unwrap_err();
    assert_eq!(error, InvokeError::Function { kind: "Probe.Failure".into(), message: "as told".into() });
    assert_eq!(invoke(&*function, json!({"do": "describe"})).await.unwrap()["pid"], pid);
}

#[tokio::test]
async fn an_answer_above_the_limit_is_the_error_lambda_gives() {
    let function = started(probe()).await;
    let fits = invoke(&*function, json!({"do": "answer at length", "bytes": 6_291_554})).await.unwrap();
    assert_eq!(fits.as_str().unwrap().len(), 6_291_554);
    let error = invoke(&*function, json!({"do": "answer at length", "bytes": 6_291_555})).await.unwrap_err();
    assert_eq!(
        error,
        InvokeError::Function {
            kind: "Function.ResponseSizeTooLarge".into(),
            message: "Response payload size exceeded maximum allowed payload size (6291556 bytes).".into(),
        }
    );
    assert_eq!(function.counters().cold_starts, 1);
}

#[tokio::test]
async fn a_payload_above_the_limit_does_not_reach_the_function() {
    let function = started(probe()).await;
    let payload = |bytes: usize| Bytes::from(format!("\"{}\"", "x".repeat(bytes - 2)));
    let fits = soon(function.invoke(payload(6 * 1024 * 1024))).await.unwrap();
    assert_eq!(fits.len(), 6 * 1024 * 1024);
    let error = soon(function.invoke(payload(6 * 1024 * 1024 + 1))).await.unwrap_err();
    assert!(matches!(error, InvokeError::Function { kind, .. } if kind == "RequestTooLargeException"));
    assert_eq!(function.counters().invocations, 1);
}

#[tokio::test]
async fn an_answer_to_another_invocation_than_the_current_one_is_refused() {
    let function = started(probe()).await;
    let told = invoke(&*function, json!({"do": "describe"})).await.unwrap();
    let api = told["env"]["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap();
    for id in [told["request_id"].as_str().unwrap(), "unheard-of"] {
        let post = |end: &str| {
            let url = format!("http://{api}/2018-06-01/runtime/invocation/{id}/{end}");
            reqwest::Client::new().post(url).body("{}").send()
        };
        for end in ["response", "error"] {
            let refused = soon(post(end)).await.unwrap();
            assert_eq!(refused.status(), 400, "{id} {end}");
            assert_eq!(refused.json::<Value>().await.unwrap()["errorType"], "InvalidRequestID");
        }
    }
}

#[tokio::test]
async fn what_a_function_writes_arrives_line_by_line() {
    let (logs, mut lines) = broadcast::channel(64);
    let function = started(FunctionConfig { logs: Some(logs), ..probe() }).await;
    invoke(&*function, json!({"do": "say"})).await.unwrap();

    let mut said = Vec::new();
    while said.len() < 2 {
        let line = soon(lines.recv()).await.unwrap();
        assert_eq!((&*line.function, line.environment), ("probe", 1));
        if line.line.starts_with("said") {
            said.push((line.stream, line.line));
        }
    }
    said.sort_by_key(|(_, line)| line.clone());
    let expected = [(LogStream::Stderr, "said on stderr"), (LogStream::Stdout, "said on stdout")];
    assert_eq!(said, expected.map(|(stream, line)| (stream, line.to_owned())));
}
