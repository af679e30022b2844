//! What is sent and taken, as JSON schemas.

use catalog::details::{
    MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTE_VALUE, MAX_ATTRIBUTES, MAX_DESCRIPTION, MAX_NAME, MAX_PRICE,
};
use catalog::names::MAX_GROUP;
use catalog::{Details, FieldError, Product};
use serde_json::{Map, Value, json};
use utoipa::PartialSchema;

/// What an id looks like: [`catalog::ProductId::parse`] as a pattern.
pub const ID: &str = "^[A-Za-z0-9_-]{1,64}$";

/// Every schema, by name.
pub fn all() -> Map<String, Value> {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let schemas = [
        ("Details", of::<Details>()),
        ("Product", product()),
        ("ProductWrite", written()),
        ("ProductPatch", patch()),
        ("Page", object(json!({ "items": products(), "next": next() }), &["items", "next"])),
        ("Selection", selection()),
        ("FieldError", of::<FieldError>()),
        (
            "Problem",
            object(
                json!({
                    "title": text("What is wrong, the same for all of its kind"),
                    "status": { "type": "integer" },
                    "detail": text("What is wrong this time, and what to do"),
                    "errors": { "type": "array", "items": reference("FieldError") },
                }),
                &["title", "status", "detail"],
            ),
        ),
    ];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// A reference to a schema of [`all`].
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The schema that a type derives.
fn of<T: PartialSchema>() -> Value {
    // Only a map with keys that are no strings could fail here, and there is none.
    serde_json::to_value(T::schema()).unwrap_or_default()
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// A product as it is sent. A row of another program may lack what a write must have, so that nothing of it is bounded.
fn product() -> Value {
    let mut schema = of::<Product>();
    schema["unevaluatedProperties"] = json!(false);
    schema
}

fn products() -> Value {
    json!({ "type": "array", "items": reference("Product") })
}

fn next() -> Value {
    json!({ "type": ["string", "null"], "description": "The `cursor` of the next page; null at the end" })
}

fn selection() -> Value {
    let ids = |description: &str| json!({ "type": "array", "items": { "type": "string" }, "description": description });
    object(
        json!({
            "items": products(),
            "missing": ids("Ids there is no product of"),
            "failed": ids("Ids that could not be read just now"),
        }),
        &["items", "missing", "failed"],
    )
}

/// A product as it is written: the fields of [`Details`] with the limits that are checked. What the server sets may
/// stand in it and is ignored, so that what was read can be sent back.
fn written() -> Value {
    let mut schema = of::<Details>();
    let bounds = [
        ("name", json!({ "minLength": 1, "maxLength": MAX_NAME })),
        ("description", json!({ "type": ["string", "null"], "maxLength": MAX_DESCRIPTION })),
        ("category", json!({ "minLength": 1, "maxLength": MAX_GROUP })),
        ("price_cents", json!({ "minimum": 0, "maximum": MAX_PRICE })),
        ("currency", json!({ "pattern": "^[A-Z]{3}$" })),
        (
            "attributes",
            json!({
                "type": ["object", "null"],
                "maxProperties": MAX_ATTRIBUTES,
                "propertyNames": { "minLength": 1, "maxLength": MAX_ATTRIBUTE_NAME },
                "additionalProperties": { "type": "string", "maxLength": MAX_ATTRIBUTE_VALUE },
            }),
        ),
    ];
    for (field, bounds) in bounds {
        merge(&mut schema["properties"][field], bounds);
    }
    schema["properties"]["id"] = json!({ "type": "string", "description": "The id in the path, if given" });
    for ignored in ["version", "updated_at"] {
        schema["properties"][ignored] = json!({ "description": "Ignored" });
    }
    schema["required"] = json!(["name", "category", "price_cents", "currency"]);
    schema["additionalProperties"] = json!(false);
    schema
}

/// A merge patch (RFC 7396): any of the fields, `null` for one that is to go.
fn patch() -> Value {
    let names = written()["properties"].as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
    json!({
        "type": "object",
        "description": "A merge patch (RFC 7396); what results must be a valid product",
        "propertyNames": { "enum": names },
    })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalog::ProductId;

    /// What the schema of a written product and the code say of a body.
    fn judged(body: &Value) -> (bool, bool) {
        let schema =
            json!({ "components": { "schemas": all() }, "$ref": "#/components/schemas/ProductWrite" });
        let by_schema = jsonschema::validator_for(&schema).unwrap().is_valid(body);
        (by_schema, Details::from_json(body, &ProductId::parse("b-1").unwrap()).is_ok())
    }

    #[test]
    fn the_schema_of_a_written_product_draws_the_line_where_the_code_does() {
        let with = |field: &str, value: Value| {
            let mut body =
                json!({ "name": "Boot", "category": "shoes", "price_cents": 1, "currency": "EUR" });
            body[field] = value;
            body
        };
        let long = |length: usize| json!("é".repeat(length));
        let attributes =
            |count: usize| (0..count).map(|i| (i.to_string(), json!("x"))).collect::<Map<_, _>>();
        let taken = [
            with("name", long(MAX_NAME)),
            with("description", long(MAX_DESCRIPTION)),
            with("description", Value::Null),
            with("category", long(MAX_GROUP)),
            with("price_cents", json!(MAX_PRICE)),
            with("attributes", json!(attributes(MAX_ATTRIBUTES))),
            with("attributes", json!({ "x".repeat(MAX_ATTRIBUTE_NAME): "x".repeat(MAX_ATTRIBUTE_VALUE) })),
            with("version", json!("ignored")),
            with("id", json!("b-1")),
        ];
        let refused = [
            with("name", long(MAX_NAME + 1)),
            with("name", json!("")),
            with("name", Value::Null),
            with("description", long(MAX_DESCRIPTION + 1)),
            with("category", long(MAX_GROUP + 1)),
            with("price_cents", json!(MAX_PRICE + 1)),
            with("price_cents", json!(-1)),
            with("price_cents", json!(1.5)),
            with("currency", json!("eur")),
            with("attributes", json!(attributes(MAX_ATTRIBUTES + 1))),
            with("attributes", json!({ "x".repeat(MAX_ATTRIBUTE_NAME + 1): "x" })),
            with("attributes", json!({ "x": "x".repeat(MAX_ATTRIBUTE_VALUE + 1) })),
            with("attributes", json!({ "": "x" })),
            with("colour", json!("red")),
            json!([]),
        ];
        for body in taken {
            assert_eq!(judged(&body), (true, true), "{body}");
        }
        for body in refused {
            assert_eq!(judged(&body), (false, false), "{body}");
        }
    }

    #[test]
    fn the_pattern_of_an_id_is_what_ids_are_checked_for() {
        let schema = json!({ "type": "string", "pattern": ID });
        let validator = jsonschema::validator_for(&schema).unwrap();
        for id in ["a", "A-1_z", &"x".repeat(64), "", "a b", "a/b", "ä", &"x".repeat(65)] {
            assert_eq!(validator.is_valid(&json!(id)), ProductId::parse(id).is_ok(), "{id:?}");
        }
    }
}
