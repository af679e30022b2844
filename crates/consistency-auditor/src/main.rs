//! The function `consistency-auditor`: published changes, and whether edge and API have them.

use std::process::ExitCode;
use std::sync::Arc;

use cache::SystemClock;
use consistency_auditor::{Auditor, Config, HttpAsk, SqsQueue};
use lambda_runtime::{LambdaEvent, service_fn};
use lambda_support::settings::environment;
use lambda_support::{Metrics, clients, exit, logs};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let config = Config::read(&environment)?;
    logs::start();
    let aws = clients::aws().await;
    let ask = Arc::new(HttpAsk::new(&config)?);
    let queue = Arc::new(SqsQueue::new(aws_sdk_sqs::Client::new(aws), &config.queue));
    let metrics = Arc::new(Metrics::to_stdout(config.metrics));
    let auditor = Arc::new(Auditor::new(config.sample, ask, queue, Arc::new(SystemClock), metrics));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let auditor = auditor.clone();
        async move {
            let (id, trace) = (event.context.request_id, event.context.xray_trace_id);
            logs::within(&id, trace.as_deref(), auditor.handle(event.payload)).await
        }
    }))
    .await
}
