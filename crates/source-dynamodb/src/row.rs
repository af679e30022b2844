//! A row and the product it holds.
//!
//! Rows written by this system have every attribute. Rows of other programs may not: a missing text is empty, a missing
//! currency is `XXX` (ISO 4217: no currency), attributes of another type count as missing. Only the price is
//! indispensable: a product shown without its price, or with zero, would do more harm than an error.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
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

/// Reads a row as the product `id`.
pub fn read_row(id: &ProductId, row: &Row) -> Stored {
    let version = row_version(row.get("version"));
    let product = details(row).map(|details| Product {
        id: id.clone(),
        details,
        version: version.shown(),
        updated_at: text(row, "updated_at"),
    });
    Stored { version, stamp: stamp(row.get("version")), product }
}

/// The attributes of a product other than its id, by name.
pub(crate) fn attributes(product: &Product) -> BTreeMap<&'static str, AttributeValue> {
    let details = &product.details;
    let map = details.attributes.iter().map(|(name, value)| (name.clone(), AttributeValue::S(value.clone())));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut attributes = BTreeMap::from([
        ("name", text(&details.name)),
        ("description", text(&details.description)),
        ("category", text(&details.category)),
        ("price_cents", AttributeValue::N(details.price_cents.to_string())),
        ("currency", text(&details.currency)),
        ("attributes", AttributeValue::M(map.collect())),
        ("version", AttributeValue::N(product.version.to_string())),
    ]);
    attributes.extend(product.updated_at.as_deref().map(|time| ("updated_at", text(time))));
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
    let price_cents = match row.get("price_cents") {
        Some(AttributeValue::N(digits)) => digits
            .parse()
            .map_err(|_| format!("price_cents is {digits}, not a whole number of at least 0"))?,
        Some(other) => return Err(format!("price_cents has the type {}, not N", type_name(other))),
        None => return Err("price_cents is missing".to_owned()),
    };
    Ok(Details {
        name: text(row, "name").unwrap_or_default(),
        description: text(row, "description").unwrap_or_default(),
        category: text(row, "category").unwrap_or_default(),
        price_cents,
        currency: text(row, "currency").unwrap_or_else(|| "XXX".to_owned()),
        attributes: match row.get("attributes") {
            Some(AttributeValue::M(map)) => {
                map.keys().filter_map(|name| Some((name.clone(), text(map, name)?))).collect()
            }
            _ => BTreeMap::new(),
        },
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use cache::Version;

    fn id() -> ProductId {
        ProductId::parse("b-1").unwrap()
    }

    fn n(digits: &str) -> AttributeValue {
        AttributeValue::N(digits.into())
    }

    fn s(text: &str) -> AttributeValue {
        AttributeValue::S(text.into())
    }

    #[test]
    fn a_product_survives_its_row() {
        let details = Details {
            name: "Boot".into(),
            description: String::new(),
            category: "shoes".into(),
            price_cents: 4200,
            currency: "EUR".into(),
            attributes: [("size".to_owned(), "42".to_owned())].into(),
        };
        let updated_at = Some("2026-11-20T00:00:00.000Z".to_owned());
        let product = Product { id: id(), details, version: Version(7), updated_at };
        let row: Row =
            attributes(&product).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let stored = read_row(&id(), &row);
        assert_eq!(stored.product, Ok(product));
        assert_eq!((stored.version, stored.stamp.0.as_str()), (RowVersion::Usable(Version(7)), "N:7"));
    }

    #[test]
    fn a_row_of_another_program_is_shown_with_what_it_has() {
        let row = Row::from([("price_cents".into(), n("99")), ("name".into(), n("7"))]);
        let stored = read_row(&id(), &row);
        let product = stored.product.unwrap();
        assert_eq!((product.details.name.as_str(), product.details.currency.as_str()), ("", "XXX"));
        assert_eq!((stored.version, product.version), (RowVersion::Missing, Version::ZERO));
    }

    #[test]
    fn a_row_without_a_usable_price_is_no_product_and_says_why() {
        for (price, why) in
            [(None, "missing"), (Some(s("9")), "type S"), (Some(n("-1")), "-1"), (Some(n("1.5")), "1.5")]
        {
            let row: Row = price.map(|price| ("price_cents".to_owned(), price)).into_iter().collect();
            let error = read_row(&id(), &row).product.unwrap_err();
            assert!(error.contains("price_cents") && error.contains(why), "{error}");
        }
    }

    #[test]
    fn every_kind_of_version_attribute_is_judged_and_can_be_expected_again() {
        assert_eq!(row_version(Some(&n("18446744073709551615"))), RowVersion::Usable(Version(u64::MAX)));
        for odd in [n("-1"), n("1.5"), n("18446744073709551616"), s("7"), AttributeValue::Bool(true)] {
            assert!(matches!(row_version(Some(&odd)), RowVersion::Unusable(_)), "{odd:?}");
            let expected = Expected::from_stamp(&stamp(Some(&odd)));
            match odd {
                AttributeValue::Bool(_) => assert!(matches!(expected, Expected::Type(t) if t == "BOOL")),
                comparable => assert!(matches!(expected, Expected::Value(v) if v == comparable)),
            }
        }
        assert!(matches!(Expected::from_stamp(&stamp(None)), Expected::Missing));
    }
}
