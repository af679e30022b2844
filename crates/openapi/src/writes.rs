//! Writing: under a condition, and telling the cache.

use catalog::details::MAX_BODY;
use catalog::names::ADMIN_PATH;
use serde_json::{Map, Value, json};

use crate::answers::{answer, id, problem, request_header};
use crate::schemas::reference;

const WRITTEN: [&str; 2] = ["Cache-Status", "ETag"];

/// The path that is written.
pub fn paths() -> Map<String, Value> {
    let operations = json!({ "put": put(), "patch": patch(), "delete": delete() });
    [(format!("{ADMIN_PATH}/{{id}}"), operations)].into_iter().collect()
}

fn operation(
    name: &str,
    summary: &str,
    headers: Vec<Value>,
    body: Option<Value>,
    responses: Vec<(&str, Value)>,
) -> Value {
    let mut parameters = vec![id()];
    parameters.extend(headers);
    let responses: Map<String, Value> = responses
        .into_iter()
        .chain(refusals(body.is_some()))
        .map(|(status, answer)| (status.to_owned(), answer))
        .collect();
    let mut operation = json!({
        "operationId": name, "summary": summary, "parameters": parameters, "responses": responses,
        "security": [{ "sigv4": [] }],
    });
    if let Some(body) = body {
        operation["requestBody"] = json!({ "required": true, "content": body });
    }
    operation
}

/// What any write may be answered.
fn refusals(with_body: bool) -> Vec<(&'static str, Value)> {
    let mut refusals = vec![
        ("400", problem("The request cannot be understood, or the product would not be valid", &[])),
        ("412", problem("The condition does not hold", &[])),
        ("428", problem("There is no condition", &[])),
        ("503", problem("The table did not take the write; it may have happened", &["Retry-After"])),
    ];
    if with_body {
        refusals.push(("413", problem(&format!("The body has more than {MAX_BODY} bytes"), &[])));
        refusals.push(("415", problem("The body has another media type", &[])));
    }
    refusals
}

fn if_match(required: bool) -> Value {
    request_header("If-Match", required, "The entity tag that was read, or `*`; its version decides")
}

fn written() -> (&'static str, Value) {
    let product = Some(("application/json", reference("Product")));
    ("200", answer("Written; the product as it now is", &WRITTEN, product))
}

fn put() -> Value {
    let create = request_header("If-None-Match", false, "`*`: create, if there is none");
    let body = json!({ "application/json": { "schema": reference("ProductWrite") } });
    let product = Some(("application/json", reference("Product")));
    let created = answer("Created", &["Cache-Status", "ETag", "Location"], product);
    let exhausted = problem("The version is the largest there is", &[]);
    operation(
        "putProduct",
        "Create a product (If-None-Match: *) or replace it (If-Match)",
        vec![create, if_match(false)],
        Some(body),
        vec![written(), ("201", created), ("409", exhausted)],
    )
}

fn patch() -> Value {
    let schema = json!({ "schema": reference("ProductPatch") });
    let body = json!({ "application/merge-patch+json": schema, "application/json": schema });
    let absent = problem("There is no such product", &[]);
    let conflict = problem("The stored row is no valid product, or its version is the largest there is", &[]);
    operation(
        "patchProduct",
        "Change fields of a product",
        vec![if_match(true)],
        Some(body),
        vec![written(), ("404", absent), ("409", conflict)],
    )
}

fn delete() -> Value {
    let deleted = answer("Deleted", &["Cache-Status"], None);
    let absent = problem("There is no such product", &[]);
    operation(
        "deleteProduct",
        "Delete a product",
        vec![if_match(true)],
        None,
        vec![("204", deleted), ("404", absent)],
    )
}
