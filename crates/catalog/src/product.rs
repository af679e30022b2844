//! A product and its id.

use std::fmt;

use bytes::Bytes;
use cache::Version;
use serde::Serialize;

use crate::details::Details;

/// A product's id: 1 to 64 of `A–Z a–z 0–9 _ -`. It is safe in a path, a key and a cache tag as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ProductId(String);

/// Why a text is no product id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a product id has 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'")]
pub struct InvalidId;

impl ProductId {
    /// Checks and takes an id.
    pub fn parse(text: &str) -> Result<ProductId, InvalidId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(ProductId(text.to_owned())) } else { Err(InvalidId) }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A product as it is stored and sent.
///
/// A row written by another program may lack a text or the currency; such a product is shown with what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: ProductId,
    /// What its owner says of it.
    #[serde(flatten)]
    pub details: Details,
    /// Grows with every write; zero for a row that has no usable version.
    #[serde(serialize_with = "plain_number")]
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub version: Version,
    /// When it was last written here, RFC 3339; `null` for a row that does not say.
    pub updated_at: Option<String>,
}

impl Product {
    /// Which list it is in, beside that of all products.
    pub fn group(&self) -> &str {
        &self.details.category
    }

    /// The response body: JSON with the fields in the order of the documentation, the same bytes for the same product.
    pub fn render(&self) -> Bytes {
        // Only a map with keys that are no strings could fail here, and there is none.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

fn plain_number<S: serde::Serializer>(version: &Version, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(version.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        for good in ["a", "A-1_z", &"x".repeat(64)] {
            assert_eq!(ProductId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a/b", "a.b", "ä", "a\n", "%41", &"x".repeat(65)] {
            assert_eq!(ProductId::parse(bad), Err(InvalidId), "{bad:?}");
        }
    }

    #[test]
    fn a_product_is_rendered_in_the_documented_order() {
        let details = Details {
            name: "Boot".into(),
            description: String::new(),
            category: "shoes".into(),
            price_cents: 4200,
            currency: "EUR".into(),
            attributes: [("size".to_owned(), "42".to_owned())].into(),
        };
        let id = ProductId::parse("b-1").unwrap();
        let product = Product { id, details, version: Version(7), updated_at: None };
        let expected = concat!(
            r#"{"id":"b-1","name":"Boot","description":"","category":"shoes","price_cents":4200,"#,
            r#""currency":"EUR","attributes":{"size":"42"},"version":7,"updated_at":null}"#
        );
        assert_eq!(product.render(), expected.as_bytes());
    }
}
