//! The conditions that can stand in the list of a field.

use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Matcher {
    /// Numbers are equal when they are written alike: 300 is not 300.0.
    Exactly(Value),
    Prefix(String),
    Suffix(String),
    EqualsIgnoreCase(String),
    /// None of these holds.
    AnythingBut(Vec<Matcher>),
    Exists(bool),
    /// All of these hold.
    Numeric(Vec<(Comparison, f64)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Matcher {
    /// `leaf` is a value that is there: a string, a number, a boolean or null.
    pub fn matches(&self, leaf: &Value) -> bool {
        let text = leaf.as_str();
        match self {
            Self::Exactly(value) => value == leaf,
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::EqualsIgnoreCase(value) => {
                text.is_some_and(|text| text.to_lowercase() == value.to_lowercase())
            }
            Self::AnythingBut(excluded) => !excluded.iter().any(|matcher| matcher.matches(leaf)),
            Self::Exists(exists) => *exists,
            Self::Numeric(comparisons) => leaf.as_f64().is_some_and(|number| {
                comparisons.iter().all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
        }
    }
}

impl Comparison {
    pub fn parse(sign: &str) -> Option<Self> {
        Some(match sign {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    #[allow(clippy::float_cmp)] // `=` asks for exactly that number.
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => number == bound,
            Self::Less => number < bound,
            Self::LessOrEqual => number <= bound,
            Self::Greater => number > bound,
            Self::GreaterOrEqual => number >= bound,
        }
    }
}
