//! The function `stream-invalidator`: DynamoDB Streams to the cache, then to the bus.

use std::process::ExitCode;
use std::sync::Arc;

use aws_sdk_eventbridge::Client;
use bus_eventbridge::EventBridgeBus;
use lambda_runtime::{LambdaEvent, service_fn};
use lambda_support::settings::environment;
use lambda_support::{clients, exit, logs};
use stream_invalidator::{BatchResponse, Config, Invalidator, StreamEvent};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let config = Config::read(&environment)?;
    logs::start();
    let aws = clients::aws().await;
    let bus = Arc::new(EventBridgeBus::new(Client::new(aws), &config.bus));
    let invalidator = Arc::new(Invalidator::new(&config, config.cache.connect().await?, bus));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<StreamEvent>| {
        let invalidator = invalidator.clone();
        async move {
            let LambdaEvent { payload, context } = event;
            let trace_id = context.xray_trace_id.as_deref().map(logs::trace_root).unwrap_or_default();
            let work = invalidator.handle(payload, trace_id, clients::until(context.deadline));
            Ok::<BatchResponse, lambda_runtime::Error>(logs::within_context(&context, work).await)
        }
    }))
    .await
}
