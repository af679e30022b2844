//! AWS as a function sees it, which answers every request with something plausible and notes what was asked of what.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use template_checks::Grant;

/// Notes requests. Clones share the notes.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    requests: Arc<Mutex<BTreeSet<Grant>>>,
    /// CloudFront has too much to do.
    busy: bool,
}

impl Recorder {
    /// One whose CloudFront takes nothing.
    pub fn busy(&self) -> Recorder {
        Recorder { busy: true, ..self.clone() }
    }

    /// What was asked for: the action that IAM would have to allow, and the resource by its logical id.
    pub fn requests(&self) -> BTreeSet<Grant> {
        self.requests.lock().unwrap().clone()
    }

    /// What clients are made from.
    pub fn aws(&self) -> SdkConfig {
        let credentials = Credentials::new("key", "secret", None, None, "test");
        let connector = SharedHttpConnector::new(self.clone());
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }

    fn answer(&self, request: &HttpRequest) -> (u16, String) {
        let body = request.body().bytes().unwrap_or_default();
        if let Some(target) = request.headers().get("x-amz-target") {
            let body: Value = serde_json::from_slice(body).unwrap();
            let (service, operation) = target.split_once('.').unwrap();
            let service = match service {
                "DynamoDB_20120810" => "dynamodb",
                "AmazonSQS" => "sqs",
                "AWSEvents" => "events",
                other => panic!("{other} is a service that is not known here: add it"),
            };
            // IAM knows no batches of SQS.
            let action = if service == "sqs" { operation.trim_end_matches("Batch") } else { operation };
            for resource in resources(&body) {
                self.note(Grant::new(format!("{service}:{action}"), resource));
            }
            return (200, dynamodb(operation, &body).to_string());
        }
        let uri = request.uri();
        let path = uri.split_once("amazonaws.com").map_or(uri, |(_, path)| path);
        let path = path.split('?').next().unwrap_or_default();
        match path.split('/').collect::<Vec<_>>().as_slice() {
            ["", "2020-05-31", "distribution", id, "invalidation"] if request.method() == "POST" => {
                self.note(Grant::new("cloudfront:CreateInvalidation", *id));
                if self.busy { (400, TOO_MANY.to_owned()) } else { (201, INVALIDATION.to_owned()) }
            }
            _ => panic!("{} {uri} is an operation that is not known here: add it", request.method()),
        }
    }

    fn note(&self, request: Grant) {
        self.requests.lock().unwrap().insert(request);
    }
}

impl HttpConnector for Recorder {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = self.answer(&request);
        let status = StatusCode::try_from(status).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

const TOO_MANY: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>TooManyInvalidationsInProgress</Code>\
    <Message>later</Message></Error></ErrorResponse>";

const INVALIDATION: &str = "<Invalidation><Id>I1</Id><Status>InProgress</Status>\
    <CreateTime>2026-11-21T00:00:00Z</CreateTime><InvalidationBatch><Paths><Quantity>0</Quantity></Paths>\
    <CallerReference>r</CallerReference></InvalidationBatch></Invalidation>";

/// What a request names: tables, an index, a queue, buses. Settings give them the logical ids of the template.
fn resources(body: &Value) -> BTreeSet<String> {
    let text = |name: &str| body[name].as_str();
    let index = text("IndexName").map(|index| format!("/index/{index}")).unwrap_or_default();
    let table = text("TableName").map(|table| format!("{table}{index}"));
    let queue = text("QueueUrl").and_then(|url| url.rsplit('/').next()).map(str::to_owned);
    let tables = body["RequestItems"].as_object().into_iter().flatten().map(|(table, _)| table.clone());
    let entries = body["Entries"].as_array().into_iter().flatten();
    let buses = entries.filter_map(|entry| entry["EventBusName"].as_str()).map(str::to_owned);
    let resources: BTreeSet<_> = table.into_iter().chain(queue).chain(tables).chain(buses).collect();
    assert!(!resources.is_empty(), "of what is {body} asked?");
    resources
}

/// A table in which every product is there once, a bus and queues that take everything.
fn dynamodb(operation: &str, body: &Value) -> Value {
    match operation {
        "GetItem" => json!({ "Item": row(&body["Key"]["id"]) }),
        "Query" | "Scan" => json!({ "Items": [row(&json!({"S": "boots-001"}))], "Count": 1 }),
        "BatchGetItem" => json!({ "Responses": {}, "UnprocessedKeys": {} }),
        "BatchWriteItem" => json!({ "UnprocessedItems": {} }),
        "UpdateItem" => json!({ "Attributes": { "items": { "N": "1" } } }),
        "PutEvents" => json!({ "FailedEntryCount": 0, "Entries": [] }),
        "SendMessage" => json!({ "MessageId": "1", "MD5OfMessageBody": "" }),
        "ChangeMessageVisibilityBatch" => json!({ "Successful": [], "Failed": [] }),
        _ => json!({}),
    }
}

fn row(id: &Value) -> Value {
    json!({
        "id": id, "version": {"N": "1790000000000"}, "name": {"S": "A boot"}, "description": {"S": "A boot."},
        "category": {"S": "boots"}, "price_cents": {"N": "12900"}, "currency": {"S": "EUR"}, "attributes": {"M": {}},
        "updated_at": {"S": "2026-09-21T14:14:20.000Z"},
    })
}
