//! Cache tags: what an answer is about, so that one purge reaches every variant of it.
//!
//! CloudFront takes at most 50 tags an object (the rest are dropped silently), each of at most 256 printable ASCII
//! characters without comma and space, compared without regard to case. The rules are kept here, where tags are
//! written: an answer that lost a tag could never be purged by it.

use std::fmt::Write;

use crate::names::{GROUP, ITEM};
use crate::product::ProductId;

/// The longest tag CloudFront takes, in characters.
pub const MAX_TAG: usize = 256;

/// The tag of one product.
pub fn product_tag(id: &ProductId) -> String {
    format!("{ITEM}:{id}").to_ascii_lowercase()
}

/// The tag of everything in a category; `None` if the product has none.
///
/// Letters are lowered, what is not `a–z 0–9 _ -` is percent-encoded; a name that becomes too long is cut and ends in a
/// hash of the whole.
pub fn category_tag(category: &str) -> Option<String> {
    if category.is_empty() {
        return None;
    }
    let mut tag = format!("{GROUP}:{}", encode(&category.to_lowercase()));
    if tag.len() > MAX_TAG {
        tag.truncate(MAX_TAG - 9);
        let _ = write!(tag, ".{:08x}", cache::record::body_hash(category.to_lowercase().as_bytes()));
    }
    Some(tag)
}

/// Percent-encodes what is no ASCII letter, digit, `_` or `-`.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => encoded.push(char::from(byte)),
            other => {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{other:02x}");
            }
        }
    }
    encoded
}

/// The tags of an answer about a product: its own, and its category's. At most two.
pub fn answer_tags(id: &ProductId, category: Option<&str>) -> Vec<String> {
    std::iter::once(product_tag(id)).chain(category.and_then(category_tag)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_keep_cloudfronts_rules_whatever_the_category() {
        let id = ProductId::parse("B-1").unwrap();
        assert_eq!(
            answer_tags(&id, Some("Home & Garden, Décor")),
            ["product:b-1", "category:home%20%26%20garden%2c%20d%c3%a9cor"]
        );
        assert_eq!(answer_tags(&id, Some("")), ["product:b-1"]);
        let (a, b) = (category_tag(&"é".repeat(64)).unwrap(), category_tag(&("é".repeat(63) + "è")).unwrap());
        assert!(a.len() <= MAX_TAG && b.len() <= MAX_TAG);
        assert_ne!(a, b, "cut tags stay apart");
        assert!(a.bytes().all(|b| b.is_ascii_graphic() && b != b','));
    }
}
