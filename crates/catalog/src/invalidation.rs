//! What a change tells the cache. Pure: changes in, invalidations out.

use std::collections::{BTreeMap, BTreeSet};

use cache::Version;

use crate::change::{Change, ChangeKind, Image};
use crate::ports::RowVersion;
use crate::product::ProductId;

/// What the cache is told of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It has at least this version.
    UpTo(Version),
    /// Its version cannot order what happened: forget what you have.
    Forced,
}

/// What one change tells.
///
/// A version orders a change only where it grew. Everything else is forced: rows that come and go, writers that repeat
/// a version, lower it, or have never heard of versions. A forced invalidation may be repeated; it costs a miss.
pub fn told(change: &Change) -> Told {
    let version = |image: &Option<Image>| match image {
        Some(Image { version: RowVersion::Usable(version), .. }) => Some(*version),
        _ => None,
    };
    match (change.kind, version(&change.before), version(&change.after)) {
        (ChangeKind::Updated, Some(before), Some(after)) if after > before => Told::UpTo(after),
        _ => Told::Forced,
    }
}

/// What is left to tell of one product after a run of its changes, in order.
///
/// At most one forced invalidation and then one floor: floors are a max-merge, and a forced invalidation sets the
/// floor to zero, so what came before it need not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    /// Whether a forced invalidation comes first.
    pub forced: bool,
    /// The floor to raise, if any.
    pub floor: Option<Version>,
}

impl Merged {
    /// Adds what a later change tells.
    pub fn then(&mut self, told: Told) {
        match told {
            Told::UpTo(version) => self.floor = self.floor.max(Some(version)),
            Told::Forced => *self = Merged { forced: true, floor: None },
        }
    }
}

/// The least to tell for a batch of changes, per product.
pub fn merge<'a>(changes: impl IntoIterator<Item = &'a Change>) -> BTreeMap<&'a ProductId, Merged> {
    let mut merged: BTreeMap<&ProductId, Merged> = BTreeMap::new();
    for change in changes {
        merged.entry(&change.id).or_default().then(told(change));
    }
    merged
}

/// The families of lists that a batch of changes renews, each with the products it does so for: that of all products, and
/// of every category a product was in before or after. `None` is the list of all.
pub fn families<'a>(
    changes: impl IntoIterator<Item = &'a Change>,
) -> BTreeMap<Option<&'a str>, BTreeSet<&'a ProductId>> {
    let mut families: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for change in changes {
        let images = [change.before.as_ref(), change.after.as_ref()].into_iter().flatten();
        let categories = images.filter_map(|image| image.category.as_deref().map(Some));
        for family in categories.chain([None]) {
            families.entry(family).or_default().insert(&change.id);
        }
    }
    families
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::ProductId;

    fn modified(before: RowVersion, after: RowVersion) -> Change {
        let image = |version| Some(Image { version, category: None });
        let id = ProductId::parse("a").unwrap();
        Change { id, kind: ChangeKind::Updated, before: image(before), after: image(after), written_at: 0 }
    }

    fn usable(version: u64) -> RowVersion {
        RowVersion::Usable(Version(version))
    }

    #[test]
    fn only_a_version_that_grew_orders_a_change() {
        assert_eq!(told(&modified(usable(3), usable(4))), Told::UpTo(Version(4)));
        let odd = RowVersion::Unusable("S".into());
        let forced = [
            (usable(4), usable(4)),
            (usable(4), usable(3)),
            (usable(4), RowVersion::Missing),
            (RowVersion::Missing, usable(4)),
            (RowVersion::Missing, RowVersion::Missing),
            (usable(4), odd.clone()),
            (odd, usable(4)),
        ];
        for (before, after) in forced {
            assert_eq!(
                told(&modified(before.clone(), after.clone())),
                Told::Forced,
                "{before:?} to {after:?}"
            );
        }
        let unseen = Change { before: None, after: None, ..modified(usable(1), usable(2)) };
        assert_eq!(told(&unseen), Told::Forced, "a stream without images");
        for kind in [ChangeKind::Created, ChangeKind::Deleted] {
            assert_eq!(told(&Change { kind, ..modified(usable(1), usable(2)) }), Told::Forced);
        }
    }

    #[test]
    fn an_item_that_moves_renews_the_lists_it_left_and_the_lists_it_joined() {
        let image = |category: Option<&str>| {
            Some(Image { version: usable(1), category: category.map(str::to_owned) })
        };
        let change = || modified(usable(1), usable(2));
        let moved = Change { before: image(Some("shoes")), after: image(Some("sale")), ..change() };
        let id = ProductId::parse("b").unwrap();
        let plain = Change { id, before: None, after: image(None), ..change() };
        let changes = [moved, plain];
        let families = families(&changes);
        let of = |family| families[&family].iter().map(|id| id.as_str()).collect::<Vec<_>>();
        assert_eq!((of(Some("shoes")), of(Some("sale"))), (vec!["a"], vec!["a"]));
        assert_eq!((of(None), families.len()), (vec!["a", "b"], 3));
    }

    #[test]
    fn a_batch_is_merged_to_the_last_forced_and_the_highest_floor_after_it() {
        let insert = Change { kind: ChangeKind::Created, ..modified(usable(1), usable(2)) };
        let grew = |from, to| modified(usable(from), usable(to));
        let other = Change { id: ProductId::parse("b").unwrap(), ..grew(1, 2) };
        let changes = [grew(8, 9), insert, grew(2, 4), grew(1, 3), other];
        let merged = merge(&changes);
        let of = |id: &str| merged[&ProductId::parse(id).unwrap()];
        assert_eq!(of("a"), Merged { forced: true, floor: Some(Version(4)) });
        assert_eq!(of("b"), Merged { forced: false, floor: Some(Version(2)) });
    }
}
