//! What a product's owner says of it, and when that is valid.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::names::MAX_GROUP;
use crate::product::ProductId;

/// The largest price: the largest integer every JSON reader keeps exactly (RFC 8259, section 6).
pub const MAX_PRICE: u64 = (1 << 53) - 1;
/// The most errors that are reported. A body has room for thousands of fields that are none of ours, and the answer would
/// grow many times larger than the request.
pub const MAX_ERRORS: usize = 100;
/// The most attributes.
pub const MAX_ATTRIBUTES: usize = 50;
/// The largest request body, in bytes. The limits below allow less in ASCII; UTF-8 and escapes need the rest.
pub const MAX_BODY: usize = 256 * 1024;
/// The longest name.
pub const MAX_NAME: usize = 200;
/// The longest description.
pub const MAX_DESCRIPTION: usize = 4_000;
/// The longest name of an attribute.
pub const MAX_ATTRIBUTE_NAME: usize = 64;
/// The longest value of an attribute.
pub const MAX_ATTRIBUTE_VALUE: usize = 1_000;

/// Fields of a body that the server sets; they are ignored in a request.
const SERVERS: [&str; 2] = ["version", "updated_at"];

/// What a product's owner says of it. Lengths are in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Details {
    /// 1 to 200.
    pub name: String,
    /// At most 4,000; empty if not given.
    pub description: String,
    /// 1 to 64.
    pub category: String,
    /// In the currency's hundredth, 0 to 2^53 − 1.
    pub price_cents: u64,
    /// An ISO 4217 code.
    pub currency: String,
    /// At most 50 of name (1 to 64) and text (at most 1,000); none if not given.
    pub attributes: BTreeMap<String, String>,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl Details {
    /// Reads a request body for the product `id`. Every error is reported, not only the first.
    pub fn from_json(body: &Value, id: &ProductId) -> Result<Details, Vec<FieldError>> {
        let Value::Object(fields) = body else {
            let detail = "must be a JSON object".to_owned();
            return Err(vec![FieldError { pointer: String::new(), detail }]);
        };
        let mut check = Check { fields, errors: Vec::new() };
        check.id(id);
        let details = Details {
            name: check.text("name", 1, MAX_NAME),
            description: check.text("description", 0, MAX_DESCRIPTION),
            category: check.text("category", 1, MAX_GROUP),
            price_cents: check.price(),
            currency: check.currency(),
            attributes: check.attributes(),
        };
        check.unknown();
        if check.errors.is_empty() { Ok(details) } else { Err(check.errors) }
    }

    /// These details with a merge patch (RFC 7396) applied and checked again.
    pub fn patched(&self, patch: &Value, id: &ProductId) -> Result<Details, Vec<FieldError>> {
        if !patch.is_object() {
            let detail = "a merge patch must be a JSON object".to_owned();
            return Err(vec![FieldError { pointer: String::new(), detail }]);
        }
        let mut body = serde_json::to_value(self).unwrap_or_default();
        json_patch::merge(&mut body, patch);
        Details::from_json(&body, id)
    }
}

struct Check<'a> {
    fields: &'a Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Check<'_> {
    fn wrong(&mut self, pointer: impl AsRef<str>, detail: impl Into<String>) {
        if self.errors.len() == MAX_ERRORS {
            return;
        }
        self.errors.push(FieldError { pointer: format!("/{}", pointer.as_ref()), detail: detail.into() });
    }

    fn id(&mut self, id: &ProductId) {
        match self.fields.get("id") {
            None => {}
            Some(Value::String(own)) if own == id.as_str() => {}
            Some(_) => self.wrong("id", format!("must be left out, or be the id in the path, \"{id}\"")),
        }
    }

    fn text(&mut self, field: &str, least: usize, most: usize) -> String {
        let wanted = || match least {
            0 => format!("must be a string of at most {most} characters"),
            _ => format!("must be a string of {least} to {most} characters"),
        };
        match self.fields.get(field) {
            None | Some(Value::Null) if least == 0 => return String::new(),
            None | Some(Value::Null) => self.wrong(field, format!("is required: it {}", wanted())),
            Some(Value::String(text)) if has_control(text) => {
                self.wrong(field, "must not hold control characters");
            }
            Some(Value::String(text)) if (least..=most).contains(&text.chars().count()) => {
                return text.clone();
            }
            Some(_) => self.wrong(field, wanted()),
        }
        String::new()
    }

    fn price(&mut self) -> u64 {
        let wanted = format!("must be an integer from 0 to {MAX_PRICE}, in hundredths of the currency");
        match self.fields.get("price_cents") {
            None | Some(Value::Null) => self.wrong("price_cents", format!("is required: it {wanted}")),
            Some(price) => match price.as_u64().filter(|cents| *cents <= MAX_PRICE) {
                Some(cents) => return cents,
                None => self.wrong("price_cents", wanted),
            },
        }
        0
    }

    fn currency(&mut self) -> String {
        let wanted = "must be an ISO 4217 code such as \"EUR\"";
        match self.fields.get("currency") {
            None | Some(Value::Null) => self.wrong("currency", format!("is required: it {wanted}")),
            Some(Value::String(code)) if iso_currency::Currency::from_code(code).is_some() => {
                return code.clone();
            }
            Some(_) => self.wrong("currency", wanted),
        }
        String::new()
    }

    fn attributes(&mut self) -> BTreeMap<String, String> {
        let given = match self.fields.get("attributes") {
            None | Some(Value::Null) => return BTreeMap::new(),
            Some(Value::Object(given)) if given.len() <= MAX_ATTRIBUTES => given,
            Some(Value::Object(_)) => {
                self.wrong("attributes", format!("must have at most {MAX_ATTRIBUTES} entries"));
                return BTreeMap::new();
            }
            Some(_) => {
                self.wrong("attributes", "must be an object whose values are strings");
                return BTreeMap::new();
            }
        };
        let mut attributes = BTreeMap::new();
        for (name, value) in given {
            let pointer = format!("attributes/{}", name.replace('~', "~0").replace('/', "~1"));
            match value {
                _ if name.is_empty() || name.chars().count() > MAX_ATTRIBUTE_NAME || has_control(name) => {
                    let detail = format!(
                        "a name must have 1 to {MAX_ATTRIBUTE_NAME} characters, none of them control"
                    );
                    self.wrong("attributes", detail);
                }
                Value::String(text) if text.chars().count() <= MAX_ATTRIBUTE_VALUE && !has_control(text) => {
                    attributes.insert(name.clone(), text.clone());
                }
                _ => {
                    let detail = format!(
                        "must be a string of at most {MAX_ATTRIBUTE_VALUE} characters, none of them control"
                    );
                    self.wrong(pointer, detail);
                }
            }
        }
        attributes
    }

    /// A misspelt field would be lost without a word.
    fn unknown(&mut self) {
        const KNOWN: [&str; 7] =
            ["id", "name", "description", "category", "price_cents", "currency", "attributes"];
        let unknown =
            |field: &&String| !KNOWN.contains(&field.as_str()) && !SERVERS.contains(&field.as_str());
        for field in self.fields.keys().filter(unknown) {
            let shown: String = field.chars().take(MAX_ATTRIBUTE_NAME).collect();
            self.wrong(shown, format!("is not a field of a product; the fields are {}", KNOWN.join(", ")));
        }
    }
}

/// Line breaks and tabs are text; other control characters only ever do harm.
fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id() -> ProductId {
        ProductId::parse("b-1").unwrap()
    }

    fn valid() -> Value {
        json!({"name": "Boot", "category": "shoes", "price_cents": 4200, "currency": "EUR"})
    }

    fn errors(change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
        let mut body = valid();
        change(&mut body);
        let errors = Details::from_json(&body, &id()).expect_err("it should be refused");
        errors.into_iter().map(|e| (e.pointer, e.detail)).collect()
    }

    #[test]
    fn what_may_be_left_out_has_a_default_and_what_the_server_sets_is_ignored() {
        let mut body = valid();
        body["version"] = json!("nonsense");
        body["updated_at"] = json!(7);
        body["id"] = json!("b-1");
        let details = Details::from_json(&body, &id()).unwrap();
        assert_eq!((details.description.as_str(), details.attributes.len()), ("", 0));
    }

    #[test]
    fn every_error_is_reported_at_once_with_what_would_be_right() {
        let errors = Details::from_json(&json!({"price_cents": -1, "currency": "Euro", "prize": 3}), &id())
            .unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/category", "/price_cents", "/currency", "/prize"]);
        assert!(errors[2].detail.contains("integer from 0 to 9007199254740991"), "{:?}", errors[2]);
    }

    #[test]
    fn an_answer_does_not_grow_with_the_mistakes_of_a_large_body() {
        let many: Map<_, _> = (0..10_000).map(|n| (format!("x{n}"), json!(n))).collect();
        assert_eq!(Details::from_json(&json!(many), &id()).unwrap_err().len(), MAX_ERRORS);
    }

    #[test]
    fn a_price_is_a_whole_number_within_what_every_reader_keeps() {
        for bad in [json!(1.5), json!("1"), json!(-1), json!(MAX_PRICE + 1), json!(null), json!(1e300)] {
            assert_eq!(errors(|b| b["price_cents"] = bad.clone())[0].0, "/price_cents", "{bad}");
        }
        for good in [0, 1, MAX_PRICE] {
            let mut body = valid();
            body["price_cents"] = json!(good);
            assert_eq!(Details::from_json(&body, &id()).unwrap().price_cents, good);
        }
    }

    #[test]
    fn everything_is_bounded() {
        assert_eq!(errors(|b| b["name"] = json!("x".repeat(201)))[0].0, "/name");
        assert_eq!(errors(|b| b["name"] = json!(""))[0].0, "/name");
        assert_eq!(errors(|b| b["name"] = json!("a\u{0}b"))[0].0, "/name");
        assert_eq!(errors(|b| b["description"] = json!("x".repeat(4001)))[0].0, "/description");
        assert_eq!(errors(|b| b["category"] = json!("x".repeat(65)))[0].0, "/category");
        assert_eq!(errors(|b| b["currency"] = json!("eur"))[0].0, "/currency");
        assert_eq!(errors(|b| b["id"] = json!("other"))[0].0, "/id");
        let many: Map<_, _> = (0..51).map(|n| (n.to_string(), json!("x"))).collect();
        assert_eq!(errors(|b| b["attributes"] = json!(many))[0].0, "/attributes");
        assert_eq!(errors(|b| b["attributes"] = json!({"a/b": {}}))[0].0, "/attributes/a~1b");
        assert_eq!(errors(|b| b["attributes"] = json!({"a": "x".repeat(1001)}))[0].0, "/attributes/a");
        assert_eq!(errors(|b| b["attributes"] = json!({"": "x"}))[0].0, "/attributes");
        assert_eq!(errors(|b| *b = json!([]))[0].0, "");
    }

    #[test]
    fn a_merge_patch_replaces_adds_and_removes_and_is_checked() {
        let details = Details::from_json(&valid(), &id()).unwrap();
        let patch = json!({"price_cents": 99, "attributes": {"size": "42"}, "description": "warm"});
        let patched = details.patched(&patch, &id()).unwrap();
        assert_eq!((patched.price_cents, patched.description.as_str()), (99, "warm"));
        assert_eq!((patched.name.as_str(), patched.attributes["size"].as_str()), ("Boot", "42"));
        let cleared =
            patched.patched(&json!({"attributes": {"size": null}, "description": null}), &id()).unwrap();
        assert_eq!((cleared.attributes.len(), cleared.description.as_str()), (0, ""));
        assert_eq!(patched.patched(&json!({"name": null}), &id()).unwrap_err()[0].pointer, "/name");
        assert_eq!(patched.patched(&json!([1]), &id()).unwrap_err()[0].pointer, "");
    }
}
