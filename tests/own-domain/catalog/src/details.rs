//! What a station measured, and when that is valid.

use serde::Serialize;
use serde_json::Value;

use crate::names::MAX_GROUP;
use crate::product::ProductId;

/// The largest request body, in bytes.
pub const MAX_BODY: usize = 4 * 1024;

/// What a station measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Details {
    /// Where the station stands: 1 to 40 characters.
    pub region: String,
    /// Tenths of a degree Celsius, −900 to 600.
    pub decicelsius: i64,
    /// Relative humidity in percent, 0 to 100.
    pub humidity: i64,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl Details {
    /// Reads a request body. Every error is reported, not only the first.
    pub fn from_json(body: &Value, _station: &ProductId) -> Result<Details, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, detail: String| {
            errors.push(FieldError { pointer: format!("/{field}"), detail });
        };
        let mut number = |field: &str, least: i64, most: i64| {
            let given = body.get(field).and_then(Value::as_i64);
            given.filter(|value| (least..=most).contains(value)).unwrap_or_else(|| {
                wrong(field, format!("must be an integer from {least} to {most}"));
                0
            })
        };
        let (decicelsius, humidity) = (number("decicelsius", -900, 600), number("humidity", 0, 100));
        let region = body.get("region").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !(1..=MAX_GROUP).contains(&region.chars().count()) {
            wrong("region", format!("must be a string of 1 to {MAX_GROUP} characters"));
        }
        if errors.is_empty() { Ok(Details { region, decicelsius, humidity }) } else { Err(errors) }
    }

    /// These details with a merge patch (RFC 7396) applied and checked again.
    pub fn patched(&self, patch: &Value, station: &ProductId) -> Result<Details, Vec<FieldError>> {
        let mut body = serde_json::to_value(self).unwrap_or_default();
        json_patch::merge(&mut body, patch);
        Details::from_json(&body, station)
    }
}
