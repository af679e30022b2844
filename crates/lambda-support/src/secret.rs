//! A word that callers must show, kept out of logs.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

/// A word that callers must show, or one of two while one takes the other's place. Debug output holds neither.
#[derive(Clone)]
pub struct Secret {
    words: Vec<String>,
}

impl Secret {
    /// Takes the word.
    pub fn new(word: impl Into<String>) -> Self {
        Secret { words: vec![word.into()] }
    }

    /// Lets callers show another word as well.
    #[must_use]
    pub fn or(mut self, word: impl Into<String>) -> Self {
        self.words.push(word.into());
        self
    }

    /// Whether this is the word, or the other. Each is compared whatever came of the one before, and how long a
    /// comparison takes tells nothing of where the two differ.
    pub fn is(&self, shown: &[u8]) -> bool {
        let found = self.words.iter().map(|word| word.as_bytes().ct_eq(shown));
        found.fold(Choice::from(0), |found, this| found | this).into()
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
    fn while_one_word_takes_the_others_place_both_are_it_and_nothing_between() {
        let secret = Secret::new("hunter2").or("tr0ub4dor");
        assert!(secret.is(b"hunter2") && secret.is(b"tr0ub4dor"));
        for other in ["", "hunter2tr0ub4dor", "tr0ub4dorhunter2", "tr0ub4do", "hunter2,tr0ub4dor"] {
            assert!(!secret.is(other.as_bytes()), "{other:?}");
        }
    }

    #[test]
    fn what_is_printed_does_not_hold_it() {
        let printed = format!("{:?}", Some(Secret::new("hunter2").or("tr0ub4dor")));
        assert!(!printed.contains("hunter2") && !printed.contains("tr0ub4dor"), "{printed}");
    }
}
