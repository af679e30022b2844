//! The function `write-api`: PUT, PATCH and DELETE of products.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_support::settings::environment;
use lambda_support::{clients, exit, gateway, logs};
use write_api::{Api, Config};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let config = Config::read(&environment)?;
    logs::start();
    let aws = clients::aws().await;
    let items = clients::items(&aws, &config.table);
    let api = Arc::new(Api::new(&config, config.cache.connect(&aws)?, items));
    gateway::serve(move |request, context| {
        let api = api.clone();
        async move { logs::within_context(Some(&context), api.answer(request)).await }
    })
    .await
}
