//! The caller reference of an invalidation.

use catalog::edge::Item;

/// The reference for purging `items` on account of these events.
///
/// CloudFront takes a call with a known reference and the same items for the call it knows: a batch that is delivered
/// again, because its function died after the call, costs nothing. The order of items and events does not matter. A
/// batch that comes back in other company gets another reference, and its items are paid twice.
pub fn reference<'a>(items: &[Item], events: impl IntoIterator<Item = &'a str>) -> String {
    let mut items: Vec<_> = items.iter().map(Item::as_str).collect();
    items.sort_unstable();
    let mut events: Vec<_> = events.into_iter().collect();
    events.sort_unstable();
    let mut digest = md5::Context::new();
    for part in items.into_iter().chain([""]).chain(events) {
        digest.consume(part.as_bytes());
        // No item has a line break.
        digest.consume(b"\n");
    }
    format!("tidemark-{:x}", digest.compute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_that_of_its_items_and_events_in_any_order() {
        let items = ["#a", "#b"].map(|text| Item::parse(text).unwrap());
        let reversed = ["#b", "#a"].map(|text| Item::parse(text).unwrap());
        let known = reference(&items, ["e-1", "e-2"]);
        assert_eq!(known, reference(&reversed, ["e-2", "e-1"]));
        assert_eq!(known.len(), "tidemark-".len() + 32);
        for other in
            [reference(&items[..1], ["e-1", "e-2"]), reference(&items, ["e-1"]), reference(&items, ["#a"])]
        {
            assert_ne!(known, other);
        }
        assert_ne!(reference(&items, ["e"]), reference(&items[..1], ["#b", "e"]));
    }
}
