//! A row and the reading it holds: `station`, `region`, `decicelsius`, `humidity`, `version`, `measured_at`.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use catalog::names::GROUP;
use catalog::{Details, Product, ProductId, RowVersion, Stamp, Stored};

/// A row's attributes.
pub type Row = HashMap<String, AttributeValue>;

/// Judges a row's version attribute.
pub fn row_version(version: Option<&AttributeValue>) -> RowVersion {
    match version {
        None => RowVersion::Missing,
        Some(AttributeValue::N(digits)) => RowVersion::of_number(digits),
        Some(other) => RowVersion::of_type(type_name(other)),
    }
}

/// Reads a row as the reading of a station.
pub fn read_row(id: &ProductId, row: &Row) -> Stored {
    let version = row_version(row.get("version"));
    let product = details(row).map(|details| Product {
        id: id.clone(),
        details,
        version: version.shown(),
        updated_at: text(row, "measured_at"),
    });
    Stored { version, stamp: stamp(row.get("version")), product }
}

/// The attributes of a reading other than its station, by name.
pub(crate) fn attributes(product: &Product) -> BTreeMap<&'static str, AttributeValue> {
    let details = &product.details;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |number: i64| AttributeValue::N(number.to_string());
    let mut attributes = BTreeMap::from([
        (GROUP, text(&details.region)),
        ("decicelsius", number(details.decicelsius)),
        ("humidity", number(details.humidity)),
        ("version", AttributeValue::N(product.version.to_string())),
    ]);
    attributes.extend(product.updated_at.as_deref().map(|time| ("measured_at", text(time))));
    attributes
}

/// The version attribute as the condition of a later write.
pub(crate) enum Expected {
    /// It must equal this value.
    Value(AttributeValue),
    /// There must be none.
    Missing,
    /// It must still have this type (of which no value can be compared here).
    Type(String),
}

impl Expected {
    pub(crate) fn from_stamp(stamp: &Stamp) -> Expected {
        match stamp.0.split_once(':') {
            Some(("N", digits)) => Expected::Value(AttributeValue::N(digits.to_owned())),
            Some(("S", text)) => Expected::Value(AttributeValue::S(text.to_owned())),
            Some((other, _)) => Expected::Type(other.to_owned()),
            None => Expected::Missing,
        }
    }
}

fn stamp(version: Option<&AttributeValue>) -> Stamp {
    Stamp(match version {
        None => String::new(),
        Some(AttributeValue::N(digits)) => format!("N:{digits}"),
        Some(AttributeValue::S(text)) => format!("S:{text}"),
        Some(other) => format!("{}:", type_name(other)),
    })
}

fn details(row: &Row) -> Result<Details, String> {
    Ok(Details {
        region: text(row, GROUP).unwrap_or_default(),
        decicelsius: number(row, "decicelsius")?,
        humidity: number(row, "humidity")?,
    })
}

fn number(row: &Row, name: &str) -> Result<i64, String> {
    let digits = row.get(name).and_then(|value| value.as_n().ok());
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| format!("{name} is no whole number"))
}

fn text(row: &Row, name: &str) -> Option<String> {
    row.get(name)?.as_s().ok().cloned()
}

fn type_name(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::B(_) => "B",
        AttributeValue::Bool(_) => "BOOL",
        AttributeValue::Bs(_) => "BS",
        AttributeValue::L(_) => "L",
        AttributeValue::M(_) => "M",
        AttributeValue::N(_) => "N",
        AttributeValue::Ns(_) => "NS",
        AttributeValue::Null(_) => "NULL",
        AttributeValue::S(_) => "S",
        AttributeValue::Ss(_) => "SS",
        _ => "unknown",
    }
}
