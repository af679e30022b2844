//! The function `write-api`: PUT, PATCH and DELETE of products.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_http::{Request, RequestExt, service_fn};
use lambda_support::settings::environment;
use lambda_support::{clients, exit, logs};
use write_api::{Api, Config};

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
            let context = request.lambda_context_ref().cloned();
            Ok::<_, lambda_http::Error>(logs::within_context(context.as_ref(), api.answer(request)).await)
        }
    }))
    .await
}
