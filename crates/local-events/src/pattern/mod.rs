//! Event patterns: one matcher for the rules of the bus and the filters of the mappings.
//!
//! - [`EventPattern`]: a pattern as in "Amazon EventBridge event pattern syntax"
//! - [`FilterCriteria`]: up to five of them, of which one has to match ("Lambda event filtering")
//! - `matcher`: what can stand in a field's list; `parse`: from JSON

mod filter;
mod matcher;
mod parse;

use serde_json::Value;

pub use filter::FilterCriteria;
use matcher::Matcher;

/// A pattern: for every field it names, one of the listed conditions has to hold.
///
/// Supported conditions: exact strings, numbers, `true`, `false`, `null`; `prefix`, `suffix`, `equals-ignore-case`,
/// `anything-but` (with values, or with `prefix` or `suffix`), `exists`, `numeric`; `$or` between fields. Not supported, and refused:
/// `wildcard`, `cidr`.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPattern(Node);

/// A pattern that cannot be read; the text says where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Event pattern is not valid. Reason: {0}")]
pub struct PatternError(String);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Fields {
        fields: Vec<(String, Node)>,
        /// For every `$or`, the alternatives.
        alternatives: Vec<Vec<Node>>,
    },
    Leaf(Vec<Matcher>),
}

impl EventPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`] when a field's value is neither an object nor a non-empty list, or a condition is unknown.
    pub fn parse(pattern: &Value) -> Result<Self, PatternError> {
        parse::fields(pattern, "").map(Self)
    }

    /// Whether the event matches.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        self.0.matches(Some(event))
    }
}

impl std::str::FromStr for EventPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let pattern = serde_json::from_str(text).map_err(|error| PatternError(error.to_string()))?;
        Self::parse(&pattern)
    }
}

impl Node {
    /// A field that is absent is `None`. A list in the event matches when one of its elements does.
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (_, Some(Value::Array(elements))) if !elements.is_empty() => {
                elements.iter().any(|element| self.matches(Some(element)))
            }
            (Self::Fields { fields, alternatives }, value) => {
                let object = value.and_then(Value::as_object);
                let all = fields.iter().all(|(name, node)| node.matches(object.and_then(|o| o.get(name))));
                all && alternatives.iter().all(|nodes| nodes.iter().any(|node| node.matches(value)))
            }
            // Conditions look at leaves: an object or an empty list is not one, so nothing exists there.
            (Self::Leaf(matchers), None | Some(Value::Object(_) | Value::Array(_))) => {
                matchers.contains(&Matcher::Exists(false))
            }
            (Self::Leaf(matchers), Some(leaf)) => matchers.iter().any(|matcher| matcher.matches(leaf)),
        }
    }
}
