//! A product as each level has it.

use std::fmt;

use cache::{CacheStore, Kind, Record, StoreError};
use cache_valkey::ValkeyStore;
use dynoxide::Database;
use http::Uri;
use local_edge::Edge;
use serde_json::{Value, json};

use crate::database::TABLE;
use crate::journey::key_of;

/// A product as each level has it; `None` where a level has nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// The version of its row; zero for a row without a usable one.
    pub table: Option<u64>,
    /// Its record in the cache.
    pub cache: Option<InCache>,
    /// The version of the answer at the edge; zero for "no such product".
    pub edge: Option<u64>,
}

/// What the head of a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InCache {
    /// What the record holds.
    pub kind: Kind,
    /// The version of its body.
    pub version: u64,
    /// The lowest version it may answer with.
    pub floor: u64,
}

impl InCache {
    /// Whether the record may not be answered with, however fresh it is.
    pub fn is_told(&self) -> bool {
        self.kind == Kind::Pending || self.version < self.floor
    }
}

impl Levels {
    /// Looks at each level, without reading through any.
    pub async fn of(
        id: &str,
        database: &Database,
        store: &ValkeyStore,
        edge: &Edge,
    ) -> Result<Levels, StoreError> {
        Ok(Levels {
            table: in_table(database, id),
            cache: in_cache(store, id).await?,
            edge: at_edge(edge, id),
        })
    }
}

impl fmt::Display for InCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Live => write!(f, "{}, floor {}", self.version, self.floor)?,
            Kind::Absent => write!(f, "no such product, floor {}", self.floor)?,
            Kind::Uncached => write!(f, "{}, too large to keep, floor {}", self.version, self.floor)?,
            Kind::Pending => write!(f, "empty, floor {}", self.floor)?,
        }
        if self.kind != Kind::Pending && self.is_told() { f.write_str(" (fenced)") } else { Ok(()) }
    }
}

fn in_table(database: &Database, id: &str) -> Option<u64> {
    let ask = json!({ "TableName": TABLE, "Key": { "id": { "S": id } }, "ConsistentRead": true });
    let answer = serde_json::to_value(database.get_item(serde_json::from_value(ask).ok()?).ok()?).ok()?;
    let row = answer.get("Item").filter(|row| !row.is_null())?;
    let version = row.pointer("/version/N").and_then(Value::as_str).and_then(|digits| digits.parse().ok());
    Some(version.unwrap_or_default())
}

async fn in_cache(store: &ValkeyStore, id: &str) -> Result<Option<InCache>, StoreError> {
    let Some(key) = key_of(id) else { return Ok(None) };
    let head = store.read(&key).await?.and_then(|raw| Record::decode(&raw).ok()).map(|record| record.head);
    Ok(head.map(|head| InCache { kind: head.kind, version: head.version.0, floor: head.floor.0 }))
}

fn at_edge(edge: &Edge, id: &str) -> Option<u64> {
    let url: Uri = format!("/api/products/{id}").parse().ok()?;
    let held = edge.peek(&url).into_iter().next()?;
    Some(held.version.and_then(|version| version.parse().ok()).unwrap_or_default())
}
