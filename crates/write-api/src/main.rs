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

async fn run() -> Result<(), lambda_support::Error> {
    let config = Config::read(&environment)?;
    logs::start();
    let items = clients::items(clients::aws().await, &config.table);
    let api = Arc::new(Api::new(&config, config.cache.connect().await?, items));
    gateway::serve(move |request| {
        let api = api.clone();
        async move { api.answer(request).await }
    })
    .await
}
