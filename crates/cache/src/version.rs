//! The version of an item: a number that only grows.

use std::fmt;

/// A version, `0..=u64::MAX`. Zero is the version of what is absent, or was never versioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version(pub u64);

impl Version {
    /// The version of an absent item.
    pub const ZERO: Version = Version(0);

    /// Reads a version from decimal digits; anything else, or more than `u64::MAX`, is `None`.
    ///
    /// Stricter than [`str::parse`]: no sign, no space, so that a version has one spelling per number of digits.
    pub fn parse(text: &str) -> Option<Version> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().ok().map(Version)).flatten()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_digits_are_a_version() {
        assert_eq!(Version::parse("0"), Some(Version(0)));
        assert_eq!(Version::parse("18446744073709551615"), Some(Version(u64::MAX)));
        for bad in ["", "+1", "-1", "1.5", " 1", "1e3", "18446744073709551616", "abc"] {
            assert_eq!(Version::parse(bad), None, "{bad:?}");
        }
    }
}
