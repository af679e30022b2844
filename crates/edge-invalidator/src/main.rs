//! The function `edge-invalidator`: published changes to CloudFront invalidations.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudfront::config::timeout::TimeoutConfig;
use cache::SystemClock;
use edge_cloudfront::{CloudFrontEdge, DynamoLedger};
use edge_invalidator::{Config, Invalidator, SqsQueue};
use lambda_runtime::{LambdaEvent, service_fn};
use lambda_support::settings::environment;
use lambda_support::{clients, exit, logs};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let config = Config::read(&environment)?;
    logs::start();
    let aws = clients::aws().await;
    // Nobody waits for this call, and it may cross an ocean: CloudFront's API is in one region.
    let patience = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(8));
    let cloudfront = aws_sdk_cloudfront::config::Builder::from(aws).timeout_config(patience.build()).build();
    let cloudfront = aws_sdk_cloudfront::Client::from_conf(cloudfront);
    let edge = Arc::new(CloudFrontEdge::new(cloudfront, &config.distribution));
    let ledger = Arc::new(DynamoLedger::new(aws_sdk_dynamodb::Client::new(aws), &config.control_table));
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(aws), &config.queue, config.failure_queue.as_deref());
    let invalidator =
        Arc::new(Invalidator::new(&config, edge, ledger, Arc::new(queue), Arc::new(SystemClock)));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let invalidator = invalidator.clone();
        async move { logs::within_context(&event.context, invalidator.handle(event.payload)).await }
    }))
    .await
}
