//! The function `read-api`: GET and HEAD of products, through the cache.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_http::{Request, RequestExt, service_fn};
use lambda_support::settings::environment;
use lambda_support::{clients, exit, logs};
use read_api::{Api, Config};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit(run().await)
}

async fn run() -> Result<(), lambda_http::Error> {
    let config = Config::read(&environment)?;
    logs::start();
    let aws = clients::aws().await;
    let items = clients::items(&aws, &config.table);
    let api = Arc::new(Api::new(&config, config.cache.connect(&aws)?, items));
    lambda_http::run(service_fn(move |request: Request| {
        let api = api.clone();
        async move {
            let answer = logs::within_context(request.lambda_context_ref(), api.answer(&request));
            Ok::<_, lambda_http::Error>(answer.await)
        }
    }))
    .await
}
