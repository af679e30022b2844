//! HTTP requests as API Gateway hands them to a function (payload format 2.0), and the answers it takes.
//!
//! Only what the functions read is decoded, each as it was sent: no path or header is taken for a URL or changed by it. An
//! event is refused as a whole only if it is none, or if its body is said to be base64 and is not.
//!
//! Why not `lambda_http`? It decodes every field of the event, builds a URL of host, path and query, and panics where they
//! make none; a hit would spend a third of its instructions there.

use std::future::Future;

use bytes::Bytes;
use http::Response;
use lambda_runtime::Error;

use crate::{runtime, settings};

mod answer;
mod request;

use answer::Answer;
pub use request::Request;

/// Answers requests until Lambda ends the process. What is logged meanwhile carries the request's ids.
pub async fn serve<H, F>(handler: H) -> Result<(), Error>
where
    H: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    let address = settings::environment(runtime::ADDRESS).ok_or_else(|| {
        format!(
            "{} is not set: this is a Lambda function; `cargo lambda watch` runs it here",
            runtime::ADDRESS
        )
    })?;
    // A task finds its wake-up in the queue. The future that the process blocks on is woken through the driver: a system call
    // more for every answer of the network.
    tokio::spawn(async move { runtime::run(&address, |event| answer(&handler, event)).await }).await?
}

async fn answer<H, F>(handler: &H, event: Bytes) -> Result<Vec<u8>, Error>
where
    H: Fn(Request) -> F,
    F: Future<Output = Response<Bytes>>,
{
    // Some kilobytes, which would be copied with each future around it.
    let answer = Box::pin(handler(serde_json::from_slice(&event)?)).await;
    let mut text = Vec::with_capacity(answer.body().len() * 2 + 1024);
    serde_json::to_writer(&mut text, &Answer(answer))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[tokio::test]
    async fn an_event_is_answered_with_what_the_handler_says() {
        let handler = async |request: Request| Response::new(Bytes::from(request.path));
        let event = Bytes::from_static(include_bytes!("../../../../events/read-api/get.json"));
        let said: Value = serde_json::from_slice(&answer(&handler, event).await.unwrap()).unwrap();
        assert_eq!((&said["statusCode"], &said["body"]), (&json!(200), &json!("/api/products/boots-001")));
    }

    #[tokio::test]
    async fn an_event_that_is_none_is_an_error_and_asks_nobody() {
        let handler = async |request: Request| panic!("asked {request:?}");
        let error = answer(&handler, Bytes::from_static(b"{\"detail\": {}}")).await.unwrap_err();
        assert!(error.to_string().contains("rawPath"), "{error}");
    }
}
