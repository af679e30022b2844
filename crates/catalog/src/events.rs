//! What is published after the cache was told.

use cache::{UnixMillis, Version};
use serde::{Deserialize, Serialize};

use crate::change::{Change, ChangeKind};
use crate::invalidation::{Told, told};
use crate::names::PATH;
use crate::product::ProductId;
use crate::tags::{answer_tags, category_tag, product_tag};

/// The source of every event.
pub const SOURCE: &str = "tidemark";

/// Something worth publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A product changed, and the cache has been told.
    ProductUpdated(ProductUpdated),
    /// A stream record could not be used as it is.
    RecordRefused(RecordRefused),
}

/// A product changed, and the cache has been told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductUpdated {
    /// Whose row.
    pub id: String,
    /// The version after the change; zero if it has none.
    pub version: u64,
    /// What happened.
    pub change: ChangeKind,
    /// Cache tags of the answers that changed: the product's, and the categories it is or was in.
    pub tags: Vec<String>,
    /// Paths of the answers that changed.
    pub paths: Vec<String>,
    /// When the row was written, in milliseconds since the epoch, to the second at best.
    pub written_at: UnixMillis,
    /// The X-Ray trace of the invocation that published this; empty if there is none.
    pub trace_id: String,
    /// Whether the version orders what happened: it grew, each time, in a row that was there before and still is.
    #[serde(default)]
    pub ordered: bool,
    /// Tags of which every answer that grew old carries one: those of the categories it was in. Empty if some carry the
    /// product's own tag only: "no such product", and what was rendered of a row without a category.
    #[serde(default)]
    pub families: Vec<String>,
}

/// A stream record that could not be used as it is. What could be done was done: the product, if it can be told which,
/// was dropped from the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRefused {
    /// What is wrong with the record.
    pub reason: String,
    /// The product, if the record names one.
    pub id: Option<String>,
    /// The record's event id.
    pub event_id: String,
    /// The record's sequence number in its shard.
    pub sequence_number: String,
    /// The stream.
    pub stream_arn: String,
}

impl Event {
    /// The event's `detail-type`.
    pub fn detail_type(&self) -> &'static str {
        match self {
            Event::ProductUpdated(_) => "ProductUpdated",
            Event::RecordRefused(_) => "RecordRefused",
        }
    }

    /// The event's `detail`, as JSON.
    pub fn detail(&self) -> String {
        let detail = match self {
            Event::ProductUpdated(updated) => serde_json::to_string(updated),
            Event::RecordRefused(refused) => serde_json::to_string(refused),
        };
        // Only a map with keys that are no strings could fail here, and there is none.
        detail.unwrap_or_default()
    }
}

/// One event for all the changes of one product in a batch, in order: what counts is where it ended, and every tag
/// that an answer about it may carry. `None` for no changes.
pub fn product_updated<'a>(
    changes: impl IntoIterator<Item = &'a Change>,
    trace_id: &str,
) -> Option<ProductUpdated> {
    let mut event: Option<ProductUpdated> = None;
    let mut uncategorized = false;
    for change in changes {
        let images = [change.before.as_ref(), change.after.as_ref()];
        let categories = images.into_iter().flatten().map(|image| image.category.as_deref());
        let tags =
            std::iter::once(None).chain(categories).flat_map(|category| answer_tags(&change.id, category));
        let event = event.get_or_insert_with(|| ProductUpdated {
            id: change.id.to_string(),
            version: 0,
            change: change.kind,
            tags: Vec::new(),
            paths: vec![product_path(&change.id)],
            written_at: change.written_at,
            trace_id: trace_id.to_owned(),
            ordered: true,
            families: Vec::new(),
        });
        event.ordered &= matches!(told(change), Told::UpTo(_));
        let category = change.before.as_ref().and_then(|before| before.category.as_deref());
        uncategorized |= category.and_then(category_tag).is_none();
        for tag in tags {
            if !event.tags.contains(&tag) {
                event.tags.push(tag);
            }
        }
        event.version = event.version.max(change.version().0);
        event.change = change.kind;
        event.written_at = event.written_at.min(change.written_at);
        if change.kind == ChangeKind::Deleted {
            event.version = Version::ZERO.0;
        }
        event.families = match uncategorized {
            true => Vec::new(),
            false => event.tags.iter().filter(|tag| **tag != product_tag(&change.id)).cloned().collect(),
        };
    }
    event
}

/// Where a product is served.
pub fn product_path(id: &ProductId) -> String {
    format!("{PATH}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Image;
    use crate::ports::RowVersion;

    fn change(kind: ChangeKind, version: u64, from: Option<&str>, to: Option<&str>) -> Change {
        let image = |category: &str| Image {
            version: RowVersion::Usable(Version(version)),
            category: Some(category.to_owned()),
        };
        let id = ProductId::parse("b-1").unwrap();
        Change { id, kind, before: from.map(image), after: to.map(image), written_at: 1_000 + version }
    }

    #[test]
    fn the_changes_of_a_product_become_one_event_with_every_tag_it_had() {
        let changes = [
            change(ChangeKind::Updated, 7, Some("shoes"), Some("boots")),
            change(ChangeKind::Updated, 8, Some("boots"), Some("sale")),
        ];
        let event = product_updated(&changes, "trace").unwrap();
        assert_eq!(event.tags, ["product:b-1", "category:shoes", "category:boots", "category:sale"]);
        assert_eq!((event.version, event.written_at), (8, 1_007), "the last version, the first time");
        assert_eq!(event.paths, ["/api/products/b-1"]);
        assert_eq!(product_updated(&[], "trace"), None);
    }

    #[test]
    fn the_version_orders_an_event_if_it_orders_each_of_its_changes() {
        let grew = |from: u64, to: u64| {
            let to = change(ChangeKind::Updated, to, None, Some("a"));
            Change { before: change(ChangeKind::Updated, from, Some("a"), None).before, ..to }
        };
        let ordered = |changes: &[Change]| product_updated(changes, "").unwrap().ordered;
        assert!(ordered(&[grew(7, 8)]) && ordered(&[grew(7, 8), grew(8, 9)]));
        assert!(
            !ordered(&[grew(8, 8)])
                && !ordered(&[grew(9, 5), grew(5, 6)])
                && !ordered(&[grew(7, 8), grew(8, 8)])
        );
        for kind in [ChangeKind::Created, ChangeKind::Deleted] {
            assert!(!ordered(&[Change { kind, ..grew(7, 8) }]));
        }
    }

    #[test]
    fn families_reach_every_old_answer_or_there_are_none() {
        let families = |changes: &[Change]| product_updated(changes, "").unwrap().families;
        let moved = || change(ChangeKind::Updated, 8, Some("shoes"), Some("boots"));
        assert_eq!(families(&[moved()]), ["category:shoes", "category:boots"]);
        assert_eq!(families(&[change(ChangeKind::Deleted, 8, Some("shoes"), None)]), ["category:shoes"]);
        let created = || change(ChangeKind::Created, 7, None, Some("shoes"));
        assert!(families(&[created()]).is_empty(), "no such product has no category");
        assert!(families(&[created(), moved()]).is_empty());
        assert!(families(&[moved(), change(ChangeKind::Updated, 9, Some(""), Some("boots"))]).is_empty());
    }

    #[test]
    fn a_deleted_product_has_no_version() {
        let changes = [
            change(ChangeKind::Updated, 7, Some("a"), Some("a")),
            change(ChangeKind::Deleted, 7, Some("a"), None),
        ];
        let event = product_updated(&changes, "").unwrap();
        assert_eq!((event.version, event.change), (0, ChangeKind::Deleted));
        let json = Event::ProductUpdated(event).detail();
        assert!(json.contains(r#""change":"deleted""#), "{json}");
    }
}
