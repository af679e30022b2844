//! Requests to a running stack.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

/// Longer than the edge waits for its origin.
const TIMEOUT: Duration = Duration::from_secs(10);
/// DynamoDB's emulation wants credentials, and takes any.
const ANYBODY: &str = "AWS4-HMAC-SHA256 Credential=lab/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

/// Where a stack listens: of the line that `cargo xtask up --json` prints, what is needed here.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoints {
    edge: String,
    api: String,
    dynamodb: String,
    table: String,
}

/// The stack did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// It cannot be reached, or its answer not be read.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// An answer is not what was expected.
    #[error("{what} answered {status}")]
    Status {
        /// Who.
        what: &'static str,
        /// With what.
        status: StatusCode,
    },
    /// An answer lacks something.
    #[error("{0} is missing in an answer")]
    Missing(&'static str),
}

/// What an answer says of itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) version: u64,
    /// Whether the level that was asked had it itself.
    pub(super) hit: bool,
    /// Whether the table was read for it.
    pub(super) loaded: bool,
}

/// What the answer to a write says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub(super) version: u64,
    /// Whether the cache had been told before it was answered.
    pub(super) told: bool,
}

pub(super) struct Stack {
    client: Client,
    at: Endpoints,
}

impl Stack {
    pub(super) fn of(at: Endpoints) -> Result<Self, StackError> {
        Ok(Stack { client: Client::builder().timeout(TIMEOUT).build()?, at })
    }

    /// The ids of all products.
    pub(super) async fn ids(&self) -> Result<Vec<String>, StackError> {
        let (mut ids, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let more = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let request = self.client.get(format!("{}/api/products?limit=100{more}", self.at.api));
            let page: Value = expect("the list", request).await?.json().await?;
            let items = page["items"].as_array().ok_or(StackError::Missing("items"))?;
            ids.extend(items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)));
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(ids);
            }
        }
    }

    pub(super) async fn read(&self, id: &str, at_edge: bool) -> Result<Answer, StackError> {
        let base = if at_edge { &self.at.edge } else { &self.at.api };
        let answer = expect("a read", self.client.get(format!("{base}/api/products/{id}"))).await?;
        let (edge, api) = (header(&answer, "x-cache"), header(&answer, "cache-status"));
        let from_edge = at_edge && edge.is_some_and(|said| said.starts_with("Hit"));
        let found = Answer {
            version: version(&answer)?,
            hit: from_edge || (!at_edge && api.is_some_and(|said| said.contains("hit"))),
            loaded: !from_edge && api.is_some_and(|said| said.contains("fwd=")),
        };
        // To its end, so that the connection is used again.
        answer.bytes().await?;
        Ok(found)
    }

    /// Writes through the API, as any editor does.
    pub(super) async fn patch(&self, id: &str, price: u64) -> Result<Written, StackError> {
        let request = self.client.patch(format!("{}/api/admin/products/{id}", self.at.edge));
        let request = request.header("if-match", "*").header("content-type", "application/merge-patch+json");
        let answer = expect("a write", request.body(json!({ "price_cents": price }).to_string())).await?;
        let told = header(&answer, "cache-status").is_some_and(|said| said.contains("detail=invalidated"));
        Ok(Written { version: version(&answer)?, told })
    }

    /// Writes into the table, past everything.
    pub(super) async fn update(&self, id: &str, price: u64) -> Result<Written, StackError> {
        let body = json!({
            "TableName": self.at.table,
            "Key": { "id": { "S": id } },
            "UpdateExpression": "SET price_cents = :price ADD version :one",
            "ExpressionAttributeValues": { ":price": { "N": price.to_string() }, ":one": { "N": "1" } },
            "ReturnValues": "UPDATED_NEW",
        });
        let request = self.client.post(&self.at.dynamodb).header("authorization", ANYBODY);
        let request = request
            .header("x-amz-date", "20260101T000000Z")
            .header("x-amz-target", "DynamoDB_20120810.UpdateItem")
            .header("content-type", "application/x-amz-json-1.0");
        let answer: Value = expect("the table", request.body(body.to_string())).await?.json().await?;
        let version = answer["Attributes"]["version"]["N"].as_str().and_then(|digits| digits.parse().ok());
        Ok(Written { version: version.ok_or(StackError::Missing("version"))?, told: false })
    }
}

async fn expect(what: &'static str, request: RequestBuilder) -> Result<Response, StackError> {
    let answer = request.send().await?;
    let status = answer.status();
    if status.is_success() { Ok(answer) } else { Err(StackError::Status { what, status }) }
}

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

fn version(answer: &Response) -> Result<u64, StackError> {
    let text = header(answer, "x-cache-version").and_then(|text| text.parse().ok());
    text.ok_or(StackError::Missing("X-Cache-Version"))
}
