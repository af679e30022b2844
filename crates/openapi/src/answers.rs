//! What answers have in common: their headers, and problems.

use serde_json::{Map, Value, json};

use crate::schemas::reference;

/// Every header of an answer that is documented, by name.
pub fn headers() -> Map<String, Value> {
    let text = [
        ("Cache-Control", "How long caches between may keep it; `no-store` if not at all"),
        ("Cache-Status", "What the cache did (RFC 9211)"),
        ("Cache-Tag", "What it is about, for the edge to purge by; viewers do not see it"),
        ("ETag", "Names this representation; for `If-None-Match` and, of a product, `If-Match`"),
        ("Vary", "Request headers it depends on"),
        ("Location", "Where the product is read"),
    ];
    let mut headers: Map<String, Value> = text
        .into_iter()
        .map(|(name, description)| {
            let header =
                json!({ "description": description, "required": true, "schema": { "type": "string" } });
            (name.to_owned(), header)
        })
        .collect();
    let whole = |description: &str| json!({ "description": description, "required": true, "schema": { "type": "integer", "minimum": 0 } });
    headers.insert("X-Cache-Version".to_owned(), whole("The version it shows; 0 where there is no product"));
    headers.insert("Retry-After".to_owned(), whole("Seconds after which to try again"));
    headers
}

/// A documented answer: what it means, its headers beside `X-Cache-Version` and `Cache-Control`, its body.
pub fn answer(description: &str, headers: &[&str], content: Option<(&str, Value)>) -> Value {
    let mut answer = json!({ "description": description, "headers": {} });
    for name in ["X-Cache-Version", "Cache-Control"].iter().chain(headers) {
        answer["headers"][*name] = json!({ "$ref": format!("#/components/headers/{name}") });
    }
    if let Some((media_type, schema)) = content {
        answer["content"][media_type]["schema"] = schema;
    }
    answer
}

/// A problem (RFC 9457).
pub fn problem(description: &str, headers: &[&str]) -> Value {
    answer(description, headers, Some(("application/problem+json", reference("Problem"))))
}

/// A request header.
pub fn request_header(name: &str, required: bool, description: &str) -> Value {
    json!({ "name": name, "in": "header", "required": required, "description": description, "schema": { "type": "string" } })
}

/// A query parameter.
pub fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

/// The id in a path.
pub fn id() -> Value {
    json!({
        "name": "id", "in": "path", "required": true, "schema": { "type": "string", "pattern": crate::schemas::ID },
    })
}
