//! What need not be purged again.

use std::collections::BTreeMap;

use cache::{UnixMillis, Version};

use super::update::Update;
use crate::product::ProductId;

/// The last purge of a product by an item of its own.
///
/// A purge of its category is none: answers from before it moved there are not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// The version of the change it was for; zero if no version orders that change.
    pub version: Version,
    /// When that change was written.
    pub written_at: UnixMillis,
}

impl Purged {
    /// Whether an update needs no purge any more.
    ///
    /// The purge came after the cache behind the edge had a floor of `version`, so nothing below it is left, and
    /// nothing below it can come. Versions say so only among changes they order. The time guards against a row that
    /// was deleted and began anew with lower versions.
    pub fn covers(&self, update: &Update) -> bool {
        update.ordered && update.version <= self.version && update.written_at <= self.written_at
    }
}

/// What a purge of these updates, each by its product's own item, leaves to be remembered: for each product the highest
/// version, or none if one of its changes has no place in their order.
pub fn purged_by<'a>(updates: impl IntoIterator<Item = &'a Update>) -> BTreeMap<ProductId, Purged> {
    let mut purged: BTreeMap<ProductId, (Purged, bool)> = BTreeMap::new();
    for update in updates {
        let none = (Purged { version: Version::ZERO, written_at: 0 }, true);
        let (of_product, ordered) = purged.entry(update.id.clone()).or_insert(none);
        *ordered &= update.ordered;
        of_product.version = if *ordered { of_product.version.max(update.version) } else { Version::ZERO };
        of_product.written_at = of_product.written_at.max(update.written_at);
    }
    purged.into_iter().map(|(id, (purged, _))| (id, purged)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn update(version: u64, written_at: u64, ordered: bool) -> Update {
        let (families, paths) = (BTreeSet::new(), BTreeSet::new());
        let id = ProductId::parse("a").unwrap();
        Update { id, version: Version(version), ordered, families, paths, written_at, published_at: None }
    }

    #[test]
    fn a_purge_covers_what_its_version_orders_and_was_written_before() {
        let purged = Purged { version: Version(5), written_at: 50 };
        assert!(purged.covers(&update(5, 50, true)) && purged.covers(&update(4, 40, true)));
        assert!(!purged.covers(&update(6, 50, true)), "a newer one");
        assert!(!purged.covers(&update(4, 40, false)), "one outside the order");
        assert!(!purged.covers(&update(4, 51, true)), "a row that began anew");
    }

    #[test]
    fn a_change_outside_the_order_leaves_no_version_whatever_the_order_of_arrival() {
        let (newer, odd, older) = (update(5, 50, true), update(9, 40, false), update(4, 60, true));
        let id = &newer.id;
        assert_eq!(purged_by([&newer, &older])[id], Purged { version: Version(5), written_at: 60 });
        for batch in [[&newer, &odd, &older], [&odd, &older, &newer], [&older, &newer, &odd]] {
            assert_eq!(purged_by(batch)[id], Purged { version: Version::ZERO, written_at: 60 });
        }
    }
}
