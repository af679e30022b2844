//! The invalidations that were asked for: idempotency, quotas, and how far each is.

use std::collections::{HashMap, VecDeque};
use std::time::SystemTime;

use super::error::{ApiError, REFERENCE_USED};
use super::{CloudFrontConfig, Quotas, ReferenceConflict, wire};
use crate::invalidation::Item;

/// What a caller asked for, as he wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) caller_reference: String,
    pub(super) items: Vec<String>,
    quantity: i64,
}

impl Batch {
    pub(super) fn read(body: &[u8]) -> Result<Self, ApiError> {
        if body.trim_ascii().is_empty() {
            return Err(ApiError::MissingBody);
        }
        let batch = wire::read_batch(body)?;
        let missing =
            |name: &str| ApiError::InvalidArgument(format!("Your request does not contain a {name}."));
        let caller_reference = batch.caller_reference.filter(|reference| !reference.is_empty());
        let paths = batch.paths.ok_or_else(|| missing("Paths element"))?;
        Ok(Self {
            caller_reference: caller_reference.ok_or_else(|| missing("caller reference"))?,
            items: paths.items.unwrap_or_default().paths,
            quantity: paths.quantity,
        })
    }

    pub(super) fn check(&self, quotas: &Quotas) -> Result<Vec<Item>, ApiError> {
        if usize::try_from(self.quantity) != Ok(self.items.len()) {
            return Err(ApiError::InconsistentQuantities);
        }
        if self.items.is_empty() {
            return Err(ApiError::InvalidArgument(
                "Your request does not contain any path or tag.".to_owned(),
            ));
        }
        if self.items.len() > quotas.items_per_batch {
            return Err(ApiError::BatchTooLarge);
        }
        let items: Result<Vec<Item>, _> = self.items.iter().map(|item| Item::parse(item)).collect();
        items.map_err(|error| {
            ApiError::InvalidArgument(format!("Your request contains one or more invalid items: {error}."))
        })
    }
}

/// One accepted invalidation.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) batch: Batch,
    created: SystemTime,
    paths: usize,
    wildcards: usize,
    completed: bool,
}

impl Record {
    pub(super) fn status(&self) -> &'static str {
        if self.completed { "Completed" } else { "InProgress" }
    }

    /// ISO 8601 with milliseconds, in UTC.
    pub(super) fn create_time(&self) -> String {
        let created = jiff::Timestamp::try_from(self.created).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        created.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }
}

/// A page of a list, newest first.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) records: Vec<Record>,
    pub(super) truncated: bool,
}

#[derive(Debug)]
pub(super) struct Ledger {
    records: HashMap<String, Record>,
    by_reference: HashMap<String, String>,
    /// Ids, oldest first.
    order: VecDeque<String>,
    history: usize,
    accepted: (u64, u64),
    /// Paths and wildcards of the invalidations in progress.
    open: (usize, usize),
}

impl Ledger {
    pub(super) fn new(history: usize) -> Self {
        Self {
            records: HashMap::new(),
            by_reference: HashMap::new(),
            order: VecDeque::new(),
            history,
            accepted: (0, 0),
            open: (0, 0),
        }
    }

    /// Accepts a batch. The same reference with the same items is the invalidation it already is: `false`.
    pub(super) fn open(
        &mut self,
        batch: Batch,
        items: &[Item],
        created: SystemTime,
        config: &CloudFrontConfig,
    ) -> Result<(Record, bool), ApiError> {
        if let Some(known) =
            self.by_reference.get(&batch.caller_reference).and_then(|id| self.records.get(id))
        {
            return match config.conflict {
                _ if known.batch == batch => Ok((known.clone(), false)),
                ReferenceConflict::AlreadyExists => Err(ApiError::InvalidationBatchAlreadyExists),
                ReferenceConflict::InvalidArgument => {
                    Err(ApiError::InvalidArgument(REFERENCE_USED.to_owned()))
                }
            };
        }
        let wildcards = items.iter().filter(|item| item.is_wildcard()).count();
        let paths = items.len() - wildcards;
        let open = (self.open.0 + paths, self.open.1 + wildcards);
        if open.0 > config.quotas.paths_in_progress || open.1 > config.quotas.wildcards_in_progress {
            return Err(ApiError::TooManyInvalidationsInProgress);
        }
        self.open = open;
        let record = Record { id: new_id(), batch, created, paths, wildcards, completed: false };
        self.accepted = (self.accepted.0 + 1, self.accepted.1 + items.len() as u64);
        self.by_reference.insert(record.batch.caller_reference.clone(), record.id.clone());
        self.order.push_back(record.id.clone());
        self.records.insert(record.id.clone(), record.clone());
        self.forget();
        Ok((record, true))
    }

    pub(super) fn complete(&mut self, id: &str) {
        if let Some(record) = self.records.get_mut(id)
            && !record.completed
        {
            record.completed = true;
            self.open = (self.open.0 - record.paths, self.open.1 - record.wildcards);
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }

    pub(super) fn accepted(&self) -> (u64, u64) {
        self.accepted
    }

    /// The records after the one the marker names, or from the newest on.
    pub(super) fn page(&self, marker: Option<&str>, most: usize) -> Result<Page, ApiError> {
        let mut newest_first = self.order.iter().rev();
        if let Some(marker) = marker
            && !newest_first.any(|id| id == marker)
        {
            return Err(ApiError::InvalidArgument("The marker names no invalidation.".to_owned()));
        }
        let mut records: Vec<Record> =
            newest_first.filter_map(|id| self.records.get(id)).take(most + 1).cloned().collect();
        let truncated = records.len() > most;
        records.truncate(most);
        Ok(Page { records, truncated })
    }

    fn forget(&mut self) {
        while self.order.len() > self.history {
            let completed = |id: &String| self.records.get(id).is_none_or(|record| record.completed);
            let Some(place) = self.order.iter().position(completed) else { return };
            if let Some(record) = self.order.remove(place).and_then(|id| self.records.remove(&id)) {
                self.by_reference.remove(&record.batch.caller_reference);
            }
        }
    }
}

/// `I` and upper-case letters and digits, as the real ones.
fn new_id() -> String {
    const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let random = std::iter::repeat_with(|| char::from(CHARACTERS[fastrand::usize(..CHARACTERS.len())]));
    std::iter::once('I').chain(random.take(24)).collect()
}
