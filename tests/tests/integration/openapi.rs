//! The OpenAPI document against the running routes: every documented answer is provoked, and is as documented.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use integration_tests::{Answer, World, n, s};
use reqwest::Method;
use serde_json::{Value, json};

/// A request that provokes an answer.
struct Request {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Request {
    fn of(path: impl Into<String>) -> Request {
        Request { path: path.into(), headers: Vec::new(), body: String::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.headers.push((name, value.into()));
        self
    }

    fn sending(self, body: impl ToString) -> Request {
        Request { body: body.to_string(), ..self }
    }
}

/// Two stacks, one of which has no table to ask, with a row that is no product and one whose version cannot grow.
struct Stacks {
    whole: World,
    tableless: World,
}

impl Stacks {
    async fn start() -> Stacks {
        let nowhere = ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), "http://127.0.0.1:1".to_owned());
        let private = ("PRIVATE_PRODUCTS".to_owned(), "yes".to_owned());
        let (whole, tableless) = tokio::join!(
            World::with(|options| options.overrides.entry("read-api").or_default().extend([private.clone()])),
            World::with(|options| {
                options.overrides.entry("read-api").or_default().extend([nowhere.clone(), private.clone()]);
                options.overrides.entry("write-api").or_default().extend([nowhere.clone()]);
            })
        );
        let rows = [
            ("no-product", vec![("name", s("without a price"))]),
            ("exhausted", vec![("price_cents", n(1)), ("version", n(u64::MAX))]),
        ];
        for (id, attributes) in rows {
            let put = whole.dynamodb.put_item().table_name(&whole.stack.endpoints.table).item("id", s(id));
            let put = attributes
                .into_iter()
                .fold(put, |put, (name, value): (&str, AttributeValue)| put.item(name, value));
            put.send().await.unwrap();
        }
        Stacks { whole, tableless }
    }

    /// The answer of the stack that can give it.
    async fn ask(&self, method: &str, status: &str, request: &Request) -> Answer {
        let world = if status == "503" { &self.tableless } else { &self.whole };
        let mut headers: Vec<_> =
            request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.extend(signed(&request.path));
        world.send(method.parse().unwrap(), &request.path, &headers, &request.body).await
    }
}

/// What the edge says to the API where it has checked a signature.
fn signed(path: &str) -> Option<(&'static str, &'static str)> {
    path.starts_with("/api/private/").then_some(("x-origin-behaviour", "private"))
}

const TYPE: &str = "content-type";

fn boots() -> Value {
    json!({ "name": "Boot", "category": "boots", "price_cents": 1, "currency": "EUR" })
}

/// What provokes a documented answer; none if this test does not know how.
async fn provoking(world: &World, path: &str, method: &str, status: &str) -> Vec<Request> {
    let at = |id: &str| Request::of(path.replace("{id}", id));
    let single = path.ends_with("/{id}");
    match (single, method, status) {
        (true, "get" | "head", "200") => vec![at("boots-001"), at("boots-001")],
        (true, "get" | "head", "304") => vec![at("boots-001").with("if-none-match", "*")],
        (true, "get" | "head", "400") => vec![at("a.b"), at("boots-001").with("x-cache-min-version", "x")],
        (true, "get" | "head", "404") => vec![at("no-such"), at("no-such")],
        (true, "get" | "head", "412") => {
            vec![at("boots-001").with("x-cache-min-version", u64::MAX.to_string())]
        }
        (true, "get" | "head", "500") => vec![at("no-product")],
        (true, "get" | "head", "503") => vec![at("boots-001")],
        (false, "get" | "head", "200") => {
            ["", "?category=boots&limit=2", "?ids=boots-001,no-such,no-product"]
                .map(|query| Request::of(format!("{path}{query}")))
                .into()
        }
        (false, "get" | "head", "304") => vec![Request::of(path).with("if-none-match", "*")],
        (false, "get" | "head", "400") => {
            ["?limit=0", "?colour=red", "?ids=a.b"].map(|query| Request::of(format!("{path}{query}"))).into()
        }
        (false, "get" | "head", "500") => vec![Request::of(format!("{path}?ids=no-product"))],
        (false, "get" | "head", "503") => {
            ["", "?ids=boots-001"].map(|query| Request::of(format!("{path}{query}"))).into()
        }
        (true, "put", "200") => {
            let tag = world.product("boots-002").await.header("etag").to_owned();
            vec![at("boots-002").with("if-match", tag).with(TYPE, "application/json").sending(boots())]
        }
        (true, "put", "201") => vec![at("new").with("if-none-match", "*").sending(boots())],
        (true, "put", "400") => vec![
            at("new").with("if-match", "*").sending("{"),
            at("new").with("if-match", "*").sending(json!({ "name": 7 })),
            at("a.b").with("if-match", "*").sending(boots()),
        ],
        (true, "put", "409") => vec![at("exhausted").with("if-match", "*").sending(boots())],
        (true, "put", "412") => vec![
            at("boots-003").with("if-none-match", "*").sending(boots()),
            at("boots-003").with("if-match", "\"1-0\"").sending(boots()),
        ],
        (true, "put" | "patch", "413") => {
            vec![at("boots-003").with("if-match", "*").sending(json!("x".repeat(300 * 1024)))]
        }
        (true, "put" | "patch", "415") => {
            vec![at("boots-003").with("if-match", "*").with(TYPE, "text/plain").sending(boots())]
        }
        (true, "put" | "patch" | "delete", "428") => vec![at("boots-003").sending(json!({}))],
        (true, "put" | "patch" | "delete", "503") => {
            vec![at("boots-003").with("if-match", "*").sending(boots())]
        }
        (true, "patch", "200") => {
            vec![at("boots-004").with("if-match", "*").sending(json!({ "price_cents": 7 }))]
        }
        (true, "patch", "400") => {
            vec![at("boots-004").with("if-match", "*").sending(json!({ "price_cents": -7 }))]
        }
        (true, "patch", "404") => vec![at("no-such").with("if-match", "*").sending(json!({}))],
        (true, "patch", "409") => vec![at("no-product").with("if-match", "*").sending(json!({}))],
        (true, "patch" | "delete", "412") => {
            vec![at("boots-004").with("if-match", "\"1-0\"").sending(json!({}))]
        }
        (true, "delete", "204") => vec![at("boots-005").with("if-match", "*")],
        (true, "delete", "400") => vec![at("a.b").with("if-match", "*")],
        (true, "delete", "404") => vec![at("no-such").with("if-match", "*")],
        _ => Vec::new(),
    }
}

/// Follows a reference into the document.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => value,
    }
}

/// Headers of every HTTP answer, of which an API's document need not speak.
const TRANSPORT: [&str; 6] =
    ["content-type", "content-length", "date", "connection", "apigw-requestid", "transfer-encoding"];

/// What is wrong with an answer, measured by what is documented of it.
fn faults(document: &Value, documented: &Value, answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    let headers: BTreeMap<String, &Value> = documented["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, header)| (name.to_lowercase(), header))
        .collect();
    for (name, header) in &headers {
        let header = resolved(document, header);
        let value = answer.header(name);
        if value.is_empty() {
            if header["required"] == true {
                faults.push(format!("there is no {name}"));
            }
        } else if header["schema"]["type"] == "integer" && value.parse::<u64>().is_err() {
            faults.push(format!("{name} is {value:?}, no whole number"));
        }
    }
    for name in answer.headers.keys().map(|name| name.as_str()) {
        if !headers.contains_key(name) && !TRANSPORT.contains(&name) {
            faults.push(format!("{name} is not documented"));
        }
    }
    match documented["content"].as_object() {
        None if answer.body.is_empty() => {}
        None => faults.push("there is a body".to_owned()),
        Some(content) => {
            let Some(content) = content.get(answer.header(TYPE)) else {
                faults.push(format!("the type is {:?}", answer.header(TYPE)));
                return faults;
            };
            let mut schema = document.clone();
            schema.as_object_mut().unwrap().extend(content["schema"].as_object().unwrap().clone());
            let validator = jsonschema::validator_for(&schema).unwrap();
            faults.extend(validator.iter_errors(&answer.json()).map(|error| error.to_string()));
        }
    }
    faults
}

#[tokio::test]
async fn every_documented_answer_is_given_and_is_as_documented() {
    let document = openapi::document();
    let stacks = Stacks::start().await;
    let mut faulty = Vec::new();
    let mut seen = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for (status, documented) in operation["responses"].as_object().unwrap() {
                let requests = provoking(&stacks.whole, path, method, status).await;
                assert!(!requests.is_empty(), "nothing here provokes {method} {path} {status}");
                for request in requests {
                    let answer = stacks.ask(&method.to_uppercase(), status, &request).await;
                    let mut faults = faults(&document, documented, &answer);
                    if answer.status.as_str() != status {
                        faults.insert(0, format!("the status is {}", answer.status));
                    }
                    if !faults.is_empty() {
                        faulty.push(format!("{method} {} {status}: {}", request.path, faults.join("; ")));
                    }
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 60, "{seen} answers");
    assert!(faulty.is_empty(), "{}", faulty.join("\n"));
}

#[tokio::test]
async fn a_method_that_is_not_documented_is_refused_with_those_that_are() {
    let document = openapi::document();
    let world = World::with_read_api(&[("PRIVATE_PRODUCTS", "yes")]).await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let documented: BTreeSet<String> =
            operations.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect();
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
            if documented.contains(method.as_str()) {
                continue;
            }
            let answer = world
                .send(
                    method.clone(),
                    &path.replace("{id}", "boots-001"),
                    &signed(path).into_iter().collect::<Vec<_>>(),
                    "",
                )
                .await;
            let allowed: BTreeSet<String> = answer.header("allow").split(", ").map(str::to_owned).collect();
            assert_eq!((answer.status.as_u16(), allowed), (405, documented.clone()), "{method} {path}");
        }
    }
    for unknown in ["/api/orders", "/api/fresh/products", "/api/admin/orders/1"] {
        assert_eq!(world.get(unknown).await.status.as_u16(), 404, "{unknown}");
    }
}
