//! The name of a record in the store.

use std::fmt;

/// The longest key, in bytes. ElastiCache allows far more; short keys keep memory and logs small.
pub const MAX_LEN: usize = 1_024;

/// A key `<namespace>:{<family>:<id>}`.
///
/// The braces are a cluster hash tag: everything kept for one item lives in one slot. The namespace should hold a
/// revision that changes whenever the rendered body changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// Why three parts are no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The whole key would be longer than [`MAX_LEN`] bytes.
    #[error("the key would have {0} bytes, at most {MAX_LEN} are allowed")]
    TooLong(usize),
    /// A part is empty or holds a character other than printable ASCII without space, braces and colon.
    #[error("{0} must be printable ASCII without space, '{{', '}}' or ':', and not empty")]
    BadPart(&'static str),
}

impl Key {
    /// Joins the parts; each is checked, so that no id can reach into another key or slot.
    pub fn new(namespace: &str, family: &str, id: &str) -> Result<Key, KeyError> {
        for (name, part) in [("the namespace", namespace), ("the family", family), ("the id", id)] {
            if !is_clean(part) {
                return Err(KeyError::BadPart(name));
            }
        }
        Key::of_length(format!("{namespace}:{{{family}:{id}}}"))
    }

    /// A key `<this key>:<name>`: of the same slot, because the hash tag is the same.
    pub fn member(&self, name: &str) -> Result<Key, KeyError> {
        if !is_clean(name) {
            return Err(KeyError::BadPart("the member's name"));
        }
        Key::of_length(format!("{}:{name}", self.0))
    }

    /// The key as the store sees it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Key {
    fn of_length(key: String) -> Result<Key, KeyError> {
        if key.len() > MAX_LEN { Err(KeyError::TooLong(key.len())) } else { Ok(Key(key)) }
    }
}

fn is_clean(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'{' | b'}' | b':'))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_tag_holds_family_and_id() {
        assert_eq!(Key::new("tm1", "product", "a-1").unwrap().as_str(), "tm1:{product:a-1}");
    }

    #[test]
    fn a_member_shares_the_slot_of_its_key() {
        let family = Key::new("tm1", "category", "shoes").unwrap();
        assert_eq!(family.member("24.").unwrap().as_str(), "tm1:{category:shoes}:24.");
        assert_eq!(family.member("a:b"), Err(KeyError::BadPart("the member's name")));
        assert!(matches!(family.member(&"x".repeat(1_020)), Err(KeyError::TooLong(_))));
    }

    #[test]
    fn no_part_can_reach_into_another_key() {
        for bad in ["", "a b", "a}b", "a{b", "a:b", "a\n", "ä"] {
            assert_eq!(Key::new("tm1", "product", bad), Err(KeyError::BadPart("the id")), "{bad:?}");
        }
        assert!(matches!(Key::new("n", "f", &"x".repeat(1_100)), Err(KeyError::TooLong(_))));
    }
}
