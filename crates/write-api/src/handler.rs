//! Apply a command, answer.

use std::sync::Arc;

use bytes::Bytes;
use cache::{Cache, StoreError, SystemClock, Version};
use catalog::names::{ITEM, NO_SUCH_ITEM};
use catalog::{Command, ItemWrite, Product, ProductId, Representation, WriteFailure, WriteProduct, Written};
use http::{HeaderValue, Response, StatusCode, header};
use lambda_support::etag::etag;
use lambda_support::gateway::Request;
use lambda_support::headers::{CACHE_STATUS, VERSION, set};
use lambda_support::metrics::{Dimensions, Metric};
use lambda_support::{Metrics, Problem};
use tokio::time::Instant;

use crate::config::Config;
use crate::decode::{Decoded, decode, invalid};

/// The write API.
pub struct Api {
    write: WriteProduct,
    metrics: Metrics,
}

impl Api {
    /// An API that writes to `items` and tells `cache`, and writes its metrics to standard output.
    pub fn new(config: &Config, cache: Arc<Cache>, items: Arc<dyn ItemWrite>) -> Self {
        let keys = config.cache.keys.clone();
        let write = WriteProduct::new(items, cache, keys, Arc::new(SystemClock), config.tell_timeout);
        Api { write, metrics: Metrics::to_stdout(config.metrics.clone()) }
    }

    /// Answers a request. When the answer is a success and says `invalidated`, no read at the API that begins now shows
    /// less than what it says.
    pub async fn answer(&self, request: Request) -> Response<Bytes> {
        let Decoded { id, command } = match decode(&request) {
            Ok(decoded) => decoded,
            Err(problem) => return allowing(problem.answer(Version::ZERO)),
        };
        let began = Instant::now();
        let response = match self.write.apply(&id, &command).await {
            Ok(written) => {
                self.report(&id, &command, &written, began);
                success(&id, &command, written)
            }
            Err(failure) => refusal(&id, failure),
        };
        self.metrics.finish(|_| {});
        response
    }

    /// The change sets out: from here on product and version identify it.
    fn report(&self, id: &ProductId, command: &Command, written: &Written, began: Instant) {
        let version = written.product.as_ref().map_or(0, |product| product.version.0);
        let change = match command {
            Command::Create(_) => "created",
            Command::Replace(..) | Command::Patch(..) => "updated",
            Command::Delete(_) => "deleted",
        };
        let told = written.told.is_ok();
        tracing::info!(step = "written", product = %id, version, change, told, "a product was written");
        let metric = if told { Metric::Told } else { Metric::Untold };
        self.metrics.count(metric, Dimensions::NONE);
        if told {
            self.metrics.time(Metric::WriteToFloorLag, Dimensions::NONE, began.elapsed());
        }
    }
}

fn success(id: &ProductId, command: &Command, written: Written) -> Response<Bytes> {
    let mut response = match &written.product {
        Some(product) => show(product),
        None => {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().insert(VERSION, HeaderValue::from(0));
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    set(headers, CACHE_STATUS, told(&written.told));
    if matches!(command, Command::Create(_)) {
        set(headers, header::LOCATION, catalog::events::product_path(id));
        *response.status_mut() = StatusCode::CREATED;
    }
    response
}

fn show(product: &Product) -> Response<Bytes> {
    let representation = Representation::of(product);
    let mut response = Response::new(representation.to_body());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(VERSION, HeaderValue::from(product.version.0));
    set(headers, header::ETAG, etag(product.version, representation.hash()));
    response
}

/// Whether the cache knows of the write already.
fn told(told: &Result<(), StoreError>) -> String {
    match told {
        Ok(()) => "Valkey; fwd=method; detail=invalidated".to_owned(),
        Err(error) => format!("Valkey; fwd=method; detail=invalidation-left-to-stream-{}", error.name()),
    }
}

fn refusal(id: &ProductId, failure: WriteFailure) -> Response<Bytes> {
    let mut version = Version::ZERO;
    let problem = match failure {
        WriteFailure::NotFound => {
            Problem::new(StatusCode::NOT_FOUND, NO_SUCH_ITEM, format!("there is no {ITEM} {id}"))
        }
        WriteFailure::Precondition { current } => {
            version = current.unwrap_or_default();
            let is =
                current.map_or("there is none".to_owned(), |version| format!("it has version {version}"));
            let detail =
                format!("the product {id} is not what the condition says: {is}; read it and try again");
            Problem::new(StatusCode::PRECONDITION_FAILED, "Condition failed", detail)
        }
        WriteFailure::Invalid(errors) => invalid(errors),
        conflict @ (WriteFailure::Unreadable(_) | WriteFailure::Exhausted(_)) => {
            Problem::new(StatusCode::CONFLICT, "Conflict", conflict.to_string())
        }
        WriteFailure::Source(error) => {
            tracing::error!(product = %id, error = %error, "the table did not take the write");
            let detail = "the write may or may not have happened; read the product and try again";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable", detail)
        }
    };
    problem.answer(version)
}

fn allowing(mut response: Response<Bytes>) -> Response<Bytes> {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("PUT, PATCH, DELETE"));
    }
    response
}
