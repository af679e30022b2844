//! What a loader brings from the source.
//!
//! A loader **must read strongly consistently**. With the token rule this is what makes the guarantee hold even when
//! the store forgets: what a load that began after the commit returns is never below that commit.

use bytes::Bytes;

use crate::version::Version;

/// What the source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded {
    /// The item, rendered as it will be sent.
    Found {
        /// The item's version; zero where the source has none.
        version: Version,
        /// The response body.
        body: Bytes,
    },
    /// No such item.
    Absent,
}

impl Loaded {
    /// The version; zero if absent.
    pub fn version(&self) -> Version {
        match self {
            Loaded::Found { version, .. } => *version,
            Loaded::Absent => Version::ZERO,
        }
    }
}

/// Why the source gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The source failed or did not answer in time; a stale answer may stand in.
    #[error("the source is unavailable: {0}")]
    Unavailable(String),
    /// The source has something that cannot be rendered; a stale answer would only hide it.
    #[error("the stored item is invalid: {0}")]
    Invalid(String),
}
