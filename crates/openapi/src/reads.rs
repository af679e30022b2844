//! Reading.

use catalog::list::{DEFAULT_LIMIT, MAX_IDS, MAX_LIMIT};
use catalog::names::{FRESH_PATH, GROUP, MAX_GROUP, PATH, PRIVATE_PATH};
use serde_json::{Map, Value, json};

use crate::answers::{answer, id, problem, query, request_header};
use crate::schemas::reference;

const ITEM: [&str; 4] = ["Cache-Status", "Cache-Tag", "ETag", "Vary"];
const ABSENT: [&str; 3] = ["Cache-Status", "Cache-Tag", "Vary"];
const LIST: [&str; 2] = ["Cache-Status", "Cache-Tag"];

/// The paths that are read.
pub fn paths() -> Map<String, Value> {
    let item =
        |summary: &str, name: &str| with_head(name, operation(summary, &item_parameters(), item_answers()));
    let paths = [
        (PATH.to_owned(), with_head("listProducts", list())),
        (format!("{PATH}/{{id}}"), item("A product, through the cache", "readProduct")),
        (format!("{FRESH_PATH}/{{id}}"), item("A product, past every cache", "readFreshProduct")),
        (
            format!("{PRIVATE_PATH}/{{id}}"),
            item(
                "A product, through the cache, for who was given a signed URL or cookie",
                "readPrivateProduct",
            ),
        ),
    ];
    paths.into_iter().collect()
}

/// GET, and HEAD with the same answers without their bodies.
fn with_head(name: &str, mut get: Value) -> Value {
    let mut head = get.clone();
    if let Some(answers) = head["responses"].as_object_mut() {
        for answer in answers.values_mut().filter_map(Value::as_object_mut) {
            answer.remove("content");
        }
    }
    get["operationId"] = json!(name);
    head["operationId"] = json!(format!("{name}Head"));
    json!({ "get": get, "head": head })
}

fn operation(summary: &str, parameters: &[Value], responses: Value) -> Value {
    json!({ "summary": summary, "parameters": parameters, "responses": responses })
}

fn item_parameters() -> [Value; 4] {
    [
        id(),
        request_header(
            "X-Cache-Min-Version",
            false,
            "The lowest version the caller accepts; the answer is never below it",
        ),
        request_header("If-None-Match", false, "Entity tags the caller has"),
        request_header(
            "Cache-Control",
            false,
            "`no-cache` asks the table, and refreshes the cache; at the API, not at the edge",
        ),
    ]
}

fn item_answers() -> Value {
    let product = Some(("application/json", reference("Product")));
    json!({
        "200": answer("The product", &ITEM, product),
        "304": answer("The caller has it", &ITEM, None),
        "400": problem("The id or the minimum version cannot be one", &[]),
        "404": problem("There is no such product", &ABSENT),
        "412": problem("The table itself is below the minimum version", &[]),
        "500": problem("The stored row is no valid product", &[]),
        "503": problem("The table does not answer", &["Retry-After"]),
    })
}

fn list() -> Value {
    let text = |least: usize, most: usize| json!({ "type": "string", "minLength": least, "maxLength": most });
    let parameters = [
        query(GROUP, "Products of this category only", text(1, MAX_GROUP)),
        query(
            "limit",
            "The most products of a page",
            json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT }),
        ),
        query("cursor", "`next` of the page before", json!({ "type": "string" })),
        query(
            "ids",
            &format!("1 to {MAX_IDS} ids, separated by commas, in place of every other parameter"),
            json!({ "type": "string" }),
        ),
        request_header("If-None-Match", false, "Entity tags the caller has"),
    ];
    let found = json!({ "oneOf": [reference("Page"), reference("Selection")] });
    let mut page = answer("A page; or, with `ids`, a selection", &LIST, Some(("application/json", found)));
    // A selection is many products, each at its own version, and has no tag as a whole.
    page["headers"]["ETag"] = json!({ "description": "Of a page", "schema": { "type": "string" } });
    let selection = || Some(("application/json", reference("Selection")));
    let hopeless = answer("None of the rows selected by `ids` is a valid product", &LIST, selection());
    let mut unanswered = problem(
        "The table does not answer; with `ids`, none of what was selected can be read",
        &["Retry-After"],
    );
    unanswered["content"]["application/json"]["schema"] = reference("Selection");
    for optional in LIST {
        unanswered["headers"][optional] =
            json!({ "description": "Of a selection", "schema": { "type": "string" } });
    }
    operation(
        "Products, page by page, or several by id",
        &parameters,
        json!({
            "200": page,
            "304": answer("The caller has the page", &["Cache-Status", "Cache-Tag", "ETag"], None),
            "400": problem("The query asks for nothing that can be answered", &[]),
            "500": hopeless,
            "503": unanswered,
        }),
    )
}
