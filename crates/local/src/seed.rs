//! The sample catalogue: 240 products in eight categories, the same each time.

use serde_json::{Value, json};

/// Names, by category.
const CATEGORIES: [(&str, &str, [&str; 6]); 8] = [
    (
        "boots",
        "EUR",
        ["Ankle boot", "Chelsea boot", "Hiking boot", "Rain boot", "Riding boot", "Winter boot"],
    ),
    ("shoes", "EUR", ["Brogue", "Derby", "Loafer", "Running shoe", "Sandal", "Sneaker"]),
    ("jackets", "EUR", ["Anorak", "Blazer", "Down jacket", "Parka", "Rain jacket", "Windbreaker"]),
    ("tents", "USD", ["Bivouac", "Dome tent", "Family tent", "Pyramid tent", "Tarp", "Tunnel tent"]),
    (
        "stoves",
        "USD",
        ["Alcohol stove", "Camp grill", "Gas stove", "Multi-fuel stove", "Pocket stove", "Wood stove"],
    ),
    ("lamps", "GBP", ["Bike light", "Candle lantern", "Headlamp", "Lantern", "Reading lamp", "Torch"]),
    (
        "bottles",
        "GBP",
        ["Flask", "Hydration bladder", "Insulated bottle", "Jug", "Soft bottle", "Steel bottle"],
    ),
    ("maps", "JPY", ["City map", "Contour map", "Nautical chart", "Road atlas", "Trail map", "Wall map"]),
];
const COLOURS: [&str; 5] = ["black", "blue", "green", "red", "sand"];

/// The rows of the catalogue in DynamoDB's JSON, written at `now` (milliseconds since the epoch). Ids are
/// `<category>-001` and so on, versions begin at `now`, as they do for new rows.
pub fn rows(now: u64) -> Vec<Value> {
    let time = i64::try_from(now).ok().and_then(|now| jiff::Timestamp::from_millisecond(now).ok());
    let updated_at = time.map(|time| format!("{time:.3}")).unwrap_or_default();
    let mut rows = Vec::new();
    for (category, currency, names) in CATEGORIES {
        for (place, (name, colour)) in
            names.iter().flat_map(|name| COLOURS.iter().map(move |colour| (name, colour))).enumerate()
        {
            let number = place + 1;
            let price = 1_990 + (number * 7_919 + category.len() * 104_729) % 18_000;
            rows.push(json!({
                "id": { "S": format!("{category}-{number:03}") },
                "name": { "S": format!("{name}, {colour}") },
                "description": { "S": format!("{name} in {colour}. Number {number} of our {category}.") },
                "category": { "S": category },
                "price_cents": { "N": price.to_string() },
                "currency": { "S": currency },
                "attributes": { "M": { "colour": { "S": colour } } },
                "version": { "N": now.to_string() },
                "updated_at": { "S": updated_at },
            }));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_catalogue_is_large_varied_and_always_the_same() {
        let rows = rows(1_790_000_000_000);
        let ids: BTreeSet<_> = rows.iter().map(|row| row["id"]["S"].as_str().unwrap()).collect();
        let categories: BTreeSet<_> = rows.iter().map(|row| row["category"]["S"].as_str().unwrap()).collect();
        assert_eq!((rows.len(), ids.len(), categories.len()), (240, 240, 8));
        assert!(ids.contains("boots-001"));
        assert_eq!(rows, super::rows(1_790_000_000_000));
    }
}
