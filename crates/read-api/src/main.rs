//! The function `read-api`: GET and HEAD of products, through the cache.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_support::clients::LazyItems;
use lambda_support::settings::environment;
use lambda_support::{exit, gateway, logs};
use read_api::{Api, Config};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), lambda_support::Error> {
    let config = Config::read(&environment)?;
    logs::start();
    let items = Arc::new(LazyItems::new(&config.table));
    let api = Arc::new(Api::new(&config, config.cache.connect().await?, items));
    gateway::serve(move |request| {
        let api = api.clone();
        async move { api.answer(&request).await }
    })
    .await
}
