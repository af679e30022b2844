//! Makes entries fail that are sound, so that producers can show what they do then.

use std::sync::{Mutex, PoisonError};

use super::entry::EntryError;

/// Failures that are still to happen.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Option<(usize, String)>>);

impl Faults {
    /// Lets the next `count` sound entries fail with this code (such as `InternalFailure` or `ThrottlingException`, the
    /// retryable ones). Replaces what was left of an earlier call; zero ends it.
    pub fn fail_next_entries(&self, count: usize, code: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((count, code.into()));
    }

    /// How many entries are still to fail.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |(count, _)| *count)
    }

    pub(super) fn take(&self) -> Option<EntryError> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, code) = faults.as_mut().filter(|(count, _)| *count > 0)?;
        *count -= 1;
        Some(EntryError::new(code, "The entry was made to fail."))
    }
}
