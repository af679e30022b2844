//! What the integration tests share: a running stack and clients for its parts.
//!
//! Each test starts a stack of its own, so that it may break it. The function binaries must be built:
//! `cargo build --workspace --bins`; `cargo xtask test` does so.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::PathBuf;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use local::{Options, Stack};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// A running stack and clients for its parts.
pub struct World {
    /// The stack.
    pub stack: Stack,
    /// An HTTP client.
    pub http: reqwest::Client,
    /// DynamoDB, as any other program sees it.
    pub dynamodb: Client,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Answer {
    /// A header's text; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// `X-Cache-Version`; every answer has it.
    pub fn version(&self) -> u64 {
        self.header("x-cache-version").parse().unwrap_or_else(|_| panic!("no X-Cache-Version in {self:?}"))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Whether the cache answered.
    pub fn is_hit(&self) -> bool {
        self.header("cache-status").contains("; hit; ttl=")
    }
}

/// The folder with the function binaries: where this test's own folder is.
pub fn binaries() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().to_owned()
}

impl World {
    /// A stack with the defaults.
    pub async fn start() -> World {
        World::with(|_| {}).await
    }

    /// A stack with other options.
    pub async fn with(change: impl FnOnce(&mut Options)) -> World {
        let mut options = Options::new(binaries());
        // A busy machine must not look like a slow cache.
        let defaults = [
            ("read-api", "CACHE_TIMEOUT_MS", "1000"),
            ("read-api", "CACHE_SOFT_TIMEOUT_MS", "1000"),
            ("write-api", "TELL_TIMEOUT_MS", "2000"),
            // Its looks are reads, and would count wherever a test counts reads.
            ("consistency-auditor", "AUDIT_SAMPLE_PERCENT", "0"),
        ];
        for (function, name, value) in defaults {
            options.overrides.entry(function).or_default().insert(name.to_owned(), value.to_owned());
        }
        change(&mut options);
        let stack = Stack::start(options).await.unwrap_or_else(|error| panic!("{error}"));
        let dynamodb = dynamodb(&stack.endpoints.dynamodb);
        World { stack, http: reqwest::Client::new(), dynamodb }
    }

    /// A stack whose read API has these in its environment.
    pub async fn with_read_api(settings: &[(&str, &str)]) -> World {
        World::with(|options| {
            let overrides = options.overrides.entry("read-api").or_default();
            overrides.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        })
        .await
    }

    /// Sends a request to the API.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(&self.http, &self.stack.endpoints.api, method, path, headers, body).await
    }

    /// GET of a path at the API.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    /// GET of a product at the API.
    pub async fn product(&self, id: &str) -> Answer {
        self.get(&format!("/api/products/{id}")).await
    }

    /// A merge patch of a product, under `If-Match: *`.
    pub async fn patch(&self, id: &str, patch: &Value) -> Answer {
        let path = format!("/api/admin/products/{id}");
        let headers = [("if-match", "*"), ("content-type", "application/merge-patch+json")];
        self.send(Method::PATCH, &path, &headers, &patch.to_string()).await
    }

    /// Creates a product.
    pub async fn create(&self, id: &str, body: &Value) -> Answer {
        let path = format!("/api/admin/products/{id}");
        let headers = [("if-none-match", "*"), ("content-type", "application/json")];
        self.send(Method::PUT, &path, &headers, &body.to_string()).await
    }

    /// Reads a product until the cache answers, and checks that it does at the second read.
    pub async fn cached(&self, id: &str) -> Answer {
        self.product(id).await;
        let answer = self.product(id).await;
        assert!(answer.is_hit(), "{answer:?}");
        answer
    }

    /// Writes to a row in DynamoDB as another program would: `SET price_cents = …` and what else is given.
    pub async fn write_directly(&self, id: &str, expression: &str, values: &[(&str, AttributeValue)]) {
        let mut request = self.dynamodb.update_item().table_name(&self.stack.endpoints.table);
        for (name, value) in values {
            request = request.expression_attribute_values(*name, value.clone());
        }
        request.key("id", s(id)).update_expression(expression).send().await.unwrap();
    }

    /// Waits until the stream's mapping has delivered `records` records since the stack started and none is left.
    pub async fn delivered(&self, records: u64) {
        let mut progress = self.stack.stream_progress();
        progress.wait_for(|p| p.succeeded + p.discarded >= records && p.outstanding() == 0).await.unwrap();
    }

    /// A plain connection to the cache's server.
    pub async fn redis(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.stack.endpoints.cache.as_str()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }
}

/// Sends a request to a base URL.
pub async fn send(
    http: &reqwest::Client,
    base: &str,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = http.request(method, format!("{base}{path}")).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, body: response.text().await.unwrap() }
}

/// A client for an emulated DynamoDB.
pub fn dynamodb(endpoint: &str) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(endpoint);
    Client::from_conf(config.build())
}

/// A string attribute.
pub fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// A number attribute.
pub fn n(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
