//! The database: rows, strongly consistent loads, an index that lags.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cache::{Answer, Content, LoadError, Loaded, Version};
use tokio::time::{Duration, Instant};

/// One state an item was in. Its number tells states apart even where versions do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) number: u64,
    /// `None`: no such item.
    pub(crate) version: Option<Version>,
    since: Instant,
    size: usize,
}

/// What a writer does to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// A version more.
    Update,
    /// By a program that never heard of versions.
    Foreign,
    /// By a program that sets a lower version.
    Lower,
    Delete,
    Create,
    /// By a program that lets every row begin at version 1.
    CreateLow,
}

/// What the stream says of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) item: usize,
    pub(crate) number: u64,
    pub(crate) write: Write,
    /// The version after it, if it grew in an update.
    pub(crate) grew_to: Option<Version>,
    pub(crate) version: Version,
}

/// The rows, with everything they ever were.
#[derive(Clone)]
pub(crate) struct Source(Arc<Mutex<Vec<Vec<State>>>>);

impl Source {
    /// Every item at its first version.
    pub(crate) fn new(items: usize, size: usize) -> Self {
        let first = State { number: 1, version: Some(Version(1)), since: Instant::now(), size };
        Source(Arc::new(Mutex::new(vec![vec![first]; items])))
    }

    /// Commits a write; `None` if it does not apply to the row as it is.
    pub(crate) fn commit(&self, item: usize, write: Write, size: usize) -> Option<Change> {
        let mut rows = self.lock();
        let states = &mut rows[item];
        let last = *states.last()?;
        let highest = states.iter().filter_map(|state| state.version).max().unwrap_or_default();
        let (version, grew_to) = match (write, last.version) {
            (Write::Update, Some(Version(now))) => (Some(Version(now + 1)), Some(Version(now + 1))),
            (Write::Foreign, Some(now)) => (Some(now), None),
            (Write::Lower, Some(Version(now))) if now > 1 => (Some(Version(now - 1)), None),
            (Write::Delete, Some(_)) => (None, None),
            // A new row begins above every version the item ever had.
            (Write::Create, None) => (Some(Version(highest.0 + 10)), None),
            (Write::CreateLow, None) => (Some(Version(1)), None),
            _ => return None,
        };
        let state = State { number: last.number + 1, version, since: Instant::now(), size };
        states.push(state);
        Some(Change { item, number: state.number, write, grew_to, version: version.unwrap_or_default() })
    }

    /// The row as it is now.
    pub(crate) fn now(&self, item: usize) -> Option<State> {
        self.lock()[item].last().copied()
    }

    /// The row as it was `ago`.
    pub(crate) fn before(&self, item: usize, ago: Duration) -> Option<State> {
        let rows = self.lock();
        let then = Instant::now().checked_sub(ago).unwrap_or_else(Instant::now);
        let held = rows[item].iter().rev().find(|state| state.since <= then);
        held.or(rows[item].first()).copied()
    }

    /// The states an item was ever in.
    pub(crate) fn states(&self, item: usize) -> Vec<State> {
        self.lock()[item].clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<State>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A state as a loader renders it: its number, padded to its size.
pub(crate) fn render(state: Option<State>) -> Result<Loaded, LoadError> {
    let State { number, version, size, .. } =
        state.ok_or_else(|| LoadError::Unavailable("no such row".into()))?;
    Ok(match version {
        Some(version) => Loaded::Found { version, body: format!("{number} {:.>size$}", "").into() },
        None => Loaded::Absent,
    })
}

/// The number of the state an answer shows; `None`: absent.
pub(crate) fn number_in(answer: &Answer) -> Option<u64> {
    match &answer.content {
        Content::Live { body, .. } => numbers_in(body).first().copied(),
        Content::Absent => None,
    }
}

/// The numbers a rendered list shows, item by item.
pub(crate) fn numbers_in(body: &Bytes) -> Vec<u64> {
    let text = String::from_utf8_lossy(body);
    text.split(' ').map_while(|word| word.parse().ok()).collect()
}
