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
    /// Whether what it was loaded from had caught up with the last change of its family. Always true of what stands by
    /// itself; false of a list whose index may still lag.
    pub settled: bool,
    /// How long the caller waited for somebody else's load; zero for whoever did not.
    pub waited: Duration,
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
    /// From this process's memory.
    LocalHit {
        /// Fresh for this much longer.
        left: Duration,
        /// Whether the store was not asked in this request (timed), rather than vouched for it (validated).
        timed: bool,
    },
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
    /// From a load that another request of this process was running; levels above may keep it as they may its own answer.
    Joined(Storable),
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
    /// Nothing was missing: the record was near the end of its fresh time.
    Early,
}

/// Why the store was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bypass {
    /// It failed just now; the name is [`StoreError::name`](crate::StoreError::name).
    Failed(&'static str),
    /// The caller asked for the source alone.
    Requested,
    /// The policy of its family says so.
    Policy,
    /// It is too large to be kept.
    TooLarge,
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
        let vouched = if self.settled { Storable::Yes } else { Storable::Briefly };
        match self.provenance {
            Provenance::Hit(_) | Provenance::LocalHit { timed: false, .. } => vouched,
            Provenance::Loaded { fill: FillOutcome::Stored, .. } => vouched,
            Provenance::Joined(storable) => storable,
            Provenance::Bypassed(Bypass::Requested) => Storable::No,
            Provenance::LocalHit { timed: true, .. } => Storable::Briefly,
            Provenance::StaleWhileRevalidate | Provenance::Bypassed(_) => Storable::Briefly,
            Provenance::Loaded { .. } | Provenance::StaleIfError { .. } => Storable::No,
        }
    }
}
