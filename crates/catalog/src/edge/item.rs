//! What can be purged: one path, everything under a path, or everything with a tag.

use std::fmt;

use crate::names::PATH;
use crate::product::ProductId;
use crate::tags::{MAX_TAG, product_tag};

/// The longest path CloudFront takes, in characters.
const MAX_PATH: usize = 4_000;

/// One item of an invalidation, written as CloudFront takes it: `/path`, `/prefix*` or `#tag`.
///
/// Items are ordered by their text, tags first. A path is purged as it stands: answers stored under it with a query
/// string are others, which only their tags or a prefix reach.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item(String);

/// A text that is no item. CloudFront would refuse the whole invalidation it stood in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither a tag of 1 to {MAX_TAG} printable characters without comma, nor a path, with `*` only at its end"
)]
pub struct InvalidItem(pub String);

impl Item {
    /// Everything with this tag. Tags are compared without regard to case; an item has it lowered.
    pub fn tag(tag: &str) -> Result<Item, InvalidItem> {
        let valid =
            (1..=MAX_TAG).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_graphic() && b != b',');
        if valid {
            Ok(Item(format!("#{}", tag.to_ascii_lowercase())))
        } else {
            Err(InvalidItem(tag.to_owned()))
        }
    }

    /// Everything about a product.
    pub fn product(id: &ProductId) -> Item {
        Item(format!("#{}", product_tag(id)))
    }

    /// Exactly this path.
    pub fn path(path: &str) -> Result<Item, InvalidItem> {
        let plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'*');
        let valid = path.starts_with('/') && path.len() <= MAX_PATH && plain;
        if valid { Ok(Item(path.to_owned())) } else { Err(InvalidItem(path.to_owned())) }
    }

    /// Everything about every product: a wildcard.
    pub fn every_product() -> Item {
        Item(format!("{PATH}/*"))
    }

    /// Reads an item as it was written.
    pub fn parse(text: &str) -> Result<Item, InvalidItem> {
        match (text.strip_prefix('#'), text.strip_suffix('*')) {
            (Some(tag), _) => Item::tag(tag),
            (None, Some(prefix)) => Item::path(prefix).map(|_| Item(text.to_owned())),
            (None, None) => Item::path(text),
        }
    }

    /// As CloudFront takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_tag_a_path_or_a_prefix_and_reads_back_as_it_was_written() {
        let id = ProductId::parse("B-1").unwrap();
        assert_eq!(Item::product(&id).as_str(), "#product:b-1");
        assert_eq!(Item::tag("Category:Shoes").unwrap().as_str(), "#category:shoes");
        for text in ["#category:shoes", "/api/products/B-1", "/api/products/*"] {
            assert_eq!(Item::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Item::every_product(), Item::parse("/api/products/*").unwrap());
    }

    #[test]
    fn what_cloudfront_would_refuse_is_no_item() {
        let long = format!("#{}", "x".repeat(MAX_TAG + 1));
        for bad in ["", "#", "#a,b", "#a b", "#ä", &long, "api", "/a b", "/a*b", "/a**", "/ä", "/*/x"] {
            assert!(Item::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Item::path("/a*").is_err(), "a path is exact");
    }
}
