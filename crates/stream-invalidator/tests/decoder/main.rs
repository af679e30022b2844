//! Whatever the stream brings, a record is read, passed over or refused with a reason; and what is published of it, the
//! edge can read.
//!
//! An ordinary test run plays the corpus beside each target (`__fuzz__/<target>/corpus`) and random inputs of a second; with
//! `cargo bolero test <target> --package stream-invalidator` a coverage-guided fuzzer searches, and adds to the corpus.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use catalog::edge::Update;
use catalog::events::product_updated;
use catalog::invalidation::{Told, families, told};
use catalog::{Change, ProductId, RowVersion};
use serde_json::{Value, json};
use stream_invalidator::record::{Reading, read};

#[test]
fn records() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(record) = serde_json::from_slice::<Value>(bytes) else { return };
        check(&record, &read(&record));
    });
}

/// Words in the places of a valid record: deeper than random bytes get.
#[test]
fn words() {
    type Words = (String, String, String, String, f64);
    bolero::check!().with_type::<Words>().for_each(|(id, version, category, kind, written_at)| {
        for (id, kind) in [(id.as_str(), kind.as_str()), ("b-1", "MODIFY"), ("b-1", "INSERT"), ("b-1", kind)]
        {
            let image = json!({ "id": {"S": id}, "version": {"N": version}, "category": {"S": category} });
            let record = json!({ "eventID": "e", "eventName": kind, "eventSourceARN": "arn", "dynamodb": {
                "ApproximateCreationDateTime": written_at, "Keys": {"id": {"S": id}}, "SequenceNumber": "1",
                "OldImage": {"id": {"S": id}, "version": {"N": "7"}, "category": {"S": "shoes"}},
                "NewImage": image } });
            check(&record, &read(&record));
        }
    });
}

fn check(record: &Value, reading: &Reading) {
    if let Some(refused) = &reading.refused {
        assert!(!refused.reason.is_empty());
        assert_eq!(refused.sequence_number, reading.sequence_number);
    }
    let key = record.pointer("/dynamodb/Keys/id/S").and_then(Value::as_str);
    let Some(change) = &reading.change else {
        // Nothing to tell: then it names no product at all, which is refused, or one that nobody can ask for.
        assert!(key.map_or(reading.refused.is_some(), |key| ProductId::parse(key).is_err()));
        return;
    };
    assert_eq!(Some(change.id.as_str()), key);
    ordered_only_if_it_grew(change);
    assert!(families([change]).contains_key(&None), "the list of all is renewed by every change");
    let event = product_updated([change], "trace").unwrap();
    let detail = serde_json::to_value(&event).unwrap();
    let update = Update::read(&detail, None).unwrap();
    assert_eq!((&update.id, update.version.0), (&change.id, event.version));
}

fn ordered_only_if_it_grew(change: &Change) {
    let usable = |image: &Option<catalog::Image>| match image {
        Some(catalog::Image { version: RowVersion::Usable(version), .. }) => Some(*version),
        _ => None,
    };
    if let Told::UpTo(version) = told(change) {
        assert_eq!(usable(&change.after), Some(version));
        assert!(usable(&change.before).is_some_and(|before| before < version));
    }
}
