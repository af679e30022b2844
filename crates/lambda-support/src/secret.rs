//! A word that callers must show, kept out of logs.

use std::fmt;

use subtle::ConstantTimeEq;

/// A word that callers must show. Debug output never holds it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the word.
    pub fn new(word: impl Into<String>) -> Self {
        Secret(word.into())
    }

    /// Whether this is the word. How long the comparison takes tells nothing of where the two differ.
    pub fn is(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_is_it() {
        let secret = Secret::new("hunter2");
        assert!(secret.is(b"hunter2"));
        for other in ["", "hunter", "hunter22", "Hunter2", "hunter2,hunter2"] {
            assert!(!secret.is(other.as_bytes()), "{other:?}");
        }
    }

    #[test]
    fn what_is_printed_does_not_hold_it() {
        assert!(!format!("{:?}", Some(Secret::new("hunter2"))).contains("hunter2"));
    }
}
