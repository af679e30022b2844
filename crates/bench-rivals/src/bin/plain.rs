//! The usual way: `lambda_http`, and a multiplexed connection made at cold start.

use http::Response;
use lambda_http::{Body, Error, Request, run, service_fn};
use redis::AsyncCommands;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = redis::Client::open(std::env::var("VALKEY_URL")?)?;
    let connection = client.get_multiplexed_async_connection().await?;
    run(service_fn(move |request: Request| {
        let mut connection = connection.clone();
        async move {
            let id = request.uri().path().rsplit('/').next().unwrap_or_default();
            let body: Option<String> = connection.get(format!("plain:{id}")).await?;
            let response = match body {
                Some(body) => {
                    Response::builder().header("content-type", "application/json").body(Body::Text(body))
                }
                None => Response::builder().status(404).body(Body::Empty),
            };
            Ok::<_, Error>(response?)
        }
    }))
    .await
}
