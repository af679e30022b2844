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
    let bus = Arc::new(EventBridgeBus::new(Client::new(&aws), &config.bus));
    let invalidator = Arc::new(Invalidator::new(&config, config.cache.connect(&aws)?, bus));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<StreamEvent>| {
        let invalidator = invalidator.clone();
        async move {
            let trace_id = event.context.xray_trace_id.unwrap_or_default();
            let time_left = lambda_support::clients::until(event.context.deadline);
            Ok::<BatchResponse, lambda_runtime::Error>(
                invalidator.handle(event.payload, &trace_id, time_left).await,
            )
        }
    }))
    .await
}
