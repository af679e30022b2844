//! What a caller gets, and where it came from.

use std::time::Duration;

use bytes::Bytes;

use crate::store::FillOutcome;
use crate::version::Version;

/// The answer of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The version of the content; zero if absent.
    pub version: Version,
    /// The content.
    pub content: Content,
    /// Where it came from.
    pub provenance: Provenance,
}

/// A body, or the knowledge that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The response body and its CRC-32.
    Live {
        /// The response body.
        body: Bytes,
        /// CRC-32 of the body.
        hash: u32,
    },
    /// The source has no such item.
    Absent,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// From the store, fresh for this much longer.
    Hit(Duration),
    /// From the store, past its fresh time, while another caller refreshes it.
    StaleWhileRevalidate,
    /// From the store because the source has failed.
    StaleIfError {
        /// Whether it is below the floor.
        fenced: bool,
    },
    /// From the source, and offered to the store.
    Loaded {
        /// Why the store did not answer.
        miss: MissReason,
        /// What the store said to the fill.
        fill: FillOutcome,
    },
    /// From the source alone, because the store failed.
    Bypassed(Bypass),
}

/// Why the store had no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissReason {
    /// The key was empty, pending or unreadable.
    Empty,
    /// The record was past its fresh time.
    Expired,
    /// The record was below the floor.
    Fenced,
    /// The record was below the caller's minimum.
    BelowMinimum,
    /// The caller asked for the source.
    Requested,
}

/// Why the store was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bypass {
    /// It failed just now; the name is [`StoreError::name`](crate::StoreError::name).
    Failed(&'static str),
    /// The caller asked for the source alone.
    Requested,
    /// It failed so often of late that it is left alone for a moment.
    BreakerOpen,
}

/// Whether levels above may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storable {
    /// As long as the policy says.
    Yes,
    /// For a second at most: it is right, but no floor vouches for it.
    Briefly,
    /// Not at all: an invalidation overtook it, or the source has failed.
    No,
}

impl Answer {
    /// Whether levels above may keep this answer.
    pub fn storable(&self) -> Storable {
        match self.provenance {
            Provenance::Hit(_) => Storable::Yes,
            Provenance::Loaded { fill: FillOutcome::Stored, .. } => Storable::Yes,
            Provenance::Bypassed(Bypass::Requested) => Storable::No,
            Provenance::StaleWhileRevalidate | Provenance::Bypassed(_) => Storable::Briefly,
            Provenance::Loaded { .. } | Provenance::StaleIfError { .. } => Storable::No,
        }
    }
}
