//! What a published change says to the edge.
//!
//! It is read from a [`ProductUpdated`](crate::ProductUpdated) as it stands in JSON, with two statements only its
//! publisher can make. Where they are missing, the worst is assumed: more is purged than needed, never less.
//!
//! | field | states | if missing |
//! |---|---|---|
//! | `ordered` | the version orders this change: it grew, in a row that was there before and still is | it does not: a higher version that was purged says nothing about this change |
//! | `families` | every answer that grew old carries one of these tags | some carry the product's own tag only |
//!
//! A product's *first* answers are why a category's tag is not enough in general: "no such product" carries no
//! category, nor does an answer from a row that had none.

use std::collections::BTreeSet;

use cache::{UnixMillis, Version};
use serde::Deserialize;
use serde_json::Value;

use super::item::Item;
use crate::change::ChangeKind;
use crate::names::{PATH, below};
use crate::product::ProductId;

/// A change of a product, as far as the edge is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Whose answers grew old.
    pub id: ProductId,
    /// The version after the change; zero if it has none.
    pub version: Version,
    /// Whether every change with a version up to this one is covered by a purge for it. Never for what was created,
    /// deleted or has no version.
    pub ordered: bool,
    /// Tags of which every answer that grew old carries one. Empty if only the product's own tag reaches all.
    pub families: BTreeSet<Item>,
    /// Paths of the answers that grew old, all below [`PATH`].
    pub paths: BTreeSet<Item>,
    /// When it was written.
    pub written_at: UnixMillis,
    /// When it had been published at the latest, which was after the cache behind the edge knew of it. `None` if that
    /// is unknown.
    pub published_at: Option<UnixMillis>,
}

/// Why a JSON value is no [`Update`]. It never will be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a ProductUpdated: {0}")]
pub struct Unreadable(pub String);

#[derive(Deserialize)]
struct Wire {
    id: String,
    version: u64,
    change: ChangeKind,
    #[serde(default)]
    paths: Vec<String>,
    written_at: UnixMillis,
    #[serde(default)]
    ordered: bool,
    #[serde(default)]
    families: Vec<String>,
}

impl Update {
    /// Reads the event's detail. Fields that do not concern the edge may be missing or new.
    pub fn read(detail: &Value, published_at: Option<UnixMillis>) -> Result<Update, Unreadable> {
        let wire = Wire::deserialize(detail).map_err(|error| Unreadable(error.to_string()))?;
        let id = ProductId::parse(&wire.id).map_err(|error| Unreadable(error.to_string()))?;
        let families: Result<_, _> = wire.families.iter().map(|tag| Item::tag(tag)).collect();
        let families = match wire.change {
            ChangeKind::Created => BTreeSet::new(),
            ChangeKind::Updated | ChangeKind::Deleted => {
                families.map_err(|error| Unreadable(error.to_string()))?
            }
        };
        Ok(Update {
            ordered: wire.ordered && wire.change == ChangeKind::Updated && wire.version > 0,
            version: Version(wire.version),
            families,
            paths: paths(&id, &wire.paths)?,
            id,
            written_at: wire.written_at,
            published_at,
        })
    }
}

fn paths(id: &ProductId, named: &[String]) -> Result<BTreeSet<Item>, Unreadable> {
    if let Some(path) = named.iter().find(|path| below(path, PATH).is_none()) {
        return Err(Unreadable(format!("the path {path:?} is not below {PATH}")));
    }
    let own = crate::events::product_path(id);
    let named = if named.is_empty() { std::slice::from_ref(&own) } else { named };
    let items: Result<_, _> = named.iter().map(|path| Item::path(path)).collect();
    items.map_err(|error| Unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Change, Image};
    use crate::events::{Event, product_updated};
    use crate::ports::RowVersion;
    use serde_json::json;

    fn detail(change: impl FnOnce(&mut Value)) -> Value {
        let mut detail = json!({
            "id": "b-1", "version": 8, "change": "updated", "tags": ["product:b-1", "category:shoes"],
            "paths": ["/api/products/b-1"], "written_at": 1_000, "trace_id": "",
            "ordered": true, "families": ["category:shoes"]
        });
        change(&mut detail);
        detail
    }

    fn read(change: impl FnOnce(&mut Value)) -> Result<Update, Unreadable> {
        Update::read(&detail(change), Some(7))
    }

    #[test]
    fn a_published_change_is_read() {
        let update = read(|_| {}).unwrap();
        assert_eq!((update.version, update.ordered), (Version(8), true));
        assert_eq!(update.families, BTreeSet::from([Item::tag("category:shoes").unwrap()]));
        assert_eq!(update.paths, BTreeSet::from([Item::path("/api/products/b-1").unwrap()]));
        assert_eq!((update.written_at, update.published_at), (1_000, Some(7)));
    }

    #[test]
    fn what_the_publisher_does_not_state_is_assumed_to_be_the_worst() {
        let image =
            |version| Image { version: RowVersion::Usable(Version(version)), category: Some("shoes".into()) };
        let id = ProductId::parse("b-1").unwrap();
        let (before, after) = (Some(image(7)), Some(image(8)));
        let change = Change { id, kind: ChangeKind::Updated, before, after, written_at: 1_000 };
        let event = product_updated([&change], "").unwrap();
        let published: Value = serde_json::from_str(&Event::ProductUpdated(event).detail()).unwrap();
        assert_eq!(
            Update::read(&published, None).unwrap().version,
            Version(8),
            "what is published can be read"
        );

        for name in ["ordered", "families", "paths", "tags", "trace_id"] {
            let update = read(|detail| drop(detail.as_object_mut().unwrap().remove(name))).unwrap();
            assert_eq!(update.ordered, name != "ordered");
            assert_eq!(update.families.is_empty(), name == "families");
            assert_eq!(update.paths.len(), 1, "a product's own path is known");
        }
    }

    #[test]
    fn no_version_orders_what_came_or_went_and_no_category_reaches_what_was_absent() {
        let created = read(|detail| detail["change"] = json!("created")).unwrap();
        assert_eq!((created.ordered, created.families.len()), (false, 0));
        let deleted = read(|detail| detail["change"] = json!("deleted")).unwrap();
        assert_eq!((deleted.ordered, deleted.families.len()), (false, 1));
        assert!(!read(|detail| detail["version"] = json!(0)).unwrap().ordered);
    }

    #[test]
    fn what_can_never_be_purged_is_unreadable() {
        let odd: [(&str, Value); 8] = [
            ("id", json!("a/b")),
            ("id", json!(7)),
            ("version", json!(-1)),
            ("change", json!("vanished")),
            ("written_at", json!("yesterday")),
            ("families", json!(["a,b"])),
            ("paths", json!(["/api/orders/1"])),
            ("paths", json!(["/api/products/*"])),
        ];
        for (name, value) in odd {
            assert!(read(|detail| detail[name] = value.clone()).is_err(), "{name}: {value}");
        }
        assert!(Update::read(&json!("text"), None).is_err());
    }
}
