//! The filters of an event source mapping.

use serde_json::Value;

use super::{EventPattern, PatternError};

/// Filters a mapping may have ("Lambda event filtering").
const MAX_FILTERS: usize = 5;

/// `FilterCriteria`: a record passes when one of the patterns matches; without patterns every record passes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FilterCriteria(Vec<EventPattern>);

impl FilterCriteria {
    /// Filters from their patterns, each a JSON text as in `FilterCriteria.Filters[].Pattern`.
    ///
    /// # Errors
    /// [`PatternError`] for more than five patterns and for one that cannot be read.
    pub fn from_patterns<T: AsRef<str>>(patterns: &[T]) -> Result<Self, PatternError> {
        if patterns.len() > MAX_FILTERS {
            return Err(PatternError(format!(
                "{} filters, at most {MAX_FILTERS} are allowed",
                patterns.len()
            )));
        }
        patterns.iter().map(|pattern| pattern.as_ref().parse()).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the record passes.
    #[must_use]
    pub fn matches(&self, record: &Value) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.matches(record))
    }
}
