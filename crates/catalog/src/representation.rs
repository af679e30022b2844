//! What is cached and sent of a product: its cache tags in one line, then the response body.
//!
//! The line saves a hit from decoding the body only to learn which tags its answer carries. An entity tag covers both.

use bytes::Bytes;
use cache::record::body_hash;

use crate::product::Product;
use crate::tags::answer_tags;

/// A product ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representation {
    stored: Bytes,
    /// Where the body begins.
    body_at: usize,
}

impl Representation {
    /// Renders a product: the same bytes for the same product.
    pub fn of(product: &Product) -> Self {
        let mut stored = answer_tags(&product.id, Some(product.group())).join(",").into_bytes();
        stored.push(b'\n');
        let body_at = stored.len();
        stored.extend_from_slice(&product.render());
        Representation { stored: stored.into(), body_at }
    }

    /// Splits what the cache holds; bytes without a line of tags are all body.
    pub fn from_stored(stored: Bytes) -> Self {
        let body_at = stored.iter().position(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        Representation { stored, body_at }
    }

    /// What the cache holds.
    pub fn into_stored(self) -> Bytes {
        self.stored
    }

    /// The `Cache-Tag` line: tags joined by commas.
    pub fn tags(&self) -> &str {
        std::str::from_utf8(&self.stored[..self.body_at.saturating_sub(1)]).unwrap_or_default()
    }

    /// The response body.
    pub fn body(&self) -> &[u8] {
        &self.stored[self.body_at..]
    }

    /// The response body, shared and not copied.
    pub fn to_body(&self) -> Bytes {
        self.stored.slice(self.body_at..)
    }

    /// The hash an entity tag carries.
    pub fn hash(&self) -> u32 {
        body_hash(&self.stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::details::Details;
    use crate::product::ProductId;
    use cache::Version;

    #[test]
    fn tags_and_body_survive_being_stored() {
        let details = Details {
            name: "Boot\nwith a line".into(),
            description: String::new(),
            category: "shoes".into(),
            price_cents: 1,
            currency: "EUR".into(),
            attributes: Default::default(),
        };
        let id = ProductId::parse("b-1").unwrap();
        let product = Product { id, details, version: Version(7), updated_at: None };
        let sent = Representation::of(&product);
        let read = Representation::from_stored(sent.clone().into_stored());
        assert_eq!(read, sent);
        assert_eq!((read.tags(), read.body()), ("product:b-1,category:shoes", &product.render()[..]));
    }
}
