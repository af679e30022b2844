//! A stream record becomes a change, or is refused.
//!
//! Each record is read by itself: one that cannot be read must not take the batch with it. Only the fields that count
//! are looked at.

use catalog::names::{GROUP, KEY};
use catalog::{Change, ChangeKind, Image, ProductId, RecordRefused, RowVersion};
use serde::Deserialize;
use serde_json::Value;

/// A batch of records, each still to be read.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamEvent {
    /// In the order of the stream.
    #[serde(rename = "Records", default)]
    pub records: Vec<Value>,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its place in the shard; empty if it does not say.
    pub sequence_number: String,
    /// What the cache is to be told, if it could hold the row at all.
    pub change: Option<Change>,
    /// What is wrong with it, if anything. A record may be wrong and still name the product that changed.
    pub refused: Option<RecordRefused>,
}

/// Reads one record.
pub fn read(record: &Value) -> Reading {
    let sequence_number = text(record, "/dynamodb/SequenceNumber").to_owned();
    let refuse = |id: Option<&str>, reason: String| RecordRefused {
        reason,
        id: id.map(str::to_owned),
        event_id: text(record, "/eventID").to_owned(),
        sequence_number: sequence_number.clone(),
        stream_arn: text(record, "/eventSourceARN").to_owned(),
    };
    let kind = match text(record, "/eventName") {
        "INSERT" => Ok(ChangeKind::Created),
        "MODIFY" => Ok(ChangeKind::Updated),
        "REMOVE" => Ok(ChangeKind::Deleted),
        other => Err(format!("eventName is {other:?}, not INSERT, MODIFY or REMOVE")),
    };
    let Some(key) = record.pointer("/dynamodb/Keys").and_then(|keys| string(keys, KEY)) else {
        let refused = Some(refuse(None, format!("the record has no key \"{KEY}\" of type S")));
        return Reading { sequence_number, change: None, refused };
    };
    // The read API serves no such id, so nothing about it is cached anywhere.
    let Ok(id) = ProductId::parse(key) else {
        return Reading { sequence_number, change: None, refused: None };
    };
    let (before, after) = (image(record, "/dynamodb/OldImage"), image(record, "/dynamodb/NewImage"));
    let complaint = match (&kind, &after) {
        (Err(reason), _) => Some(reason.clone()),
        (_, Some(Image { version: RowVersion::Unusable(reason), .. })) => {
            Some(format!("its version is unusable: {reason}"))
        }
        _ => None,
    };
    let refused = complaint.map(|reason| refuse(Some(key), reason));
    let written_at =
        record.pointer("/dynamodb/ApproximateCreationDateTime").and_then(Value::as_f64).unwrap_or_default();
    let change = Change {
        id,
        // What happened is unknown: a deletion is always forced, and that is always right.
        kind: kind.unwrap_or(ChangeKind::Deleted),
        before,
        after,
        written_at: (written_at * 1000.0) as u64,
    };
    Reading { sequence_number, change: Some(change), refused }
}

fn image(record: &Value, pointer: &str) -> Option<Image> {
    let row = record.pointer(pointer)?;
    let category = string(row, GROUP).map(str::to_owned);
    Some(Image { version: version(row.get("version")), category })
}

/// A text attribute in the stream's JSON, `{"S": "b-1"}`.
fn string<'a>(row: &'a Value, name: &str) -> Option<&'a str> {
    row.get(name)?.get("S")?.as_str()
}

/// A version attribute in the stream's JSON, `{"N": "7"}`.
fn version(attribute: Option<&Value>) -> RowVersion {
    let Some(attribute) = attribute else { return RowVersion::Missing };
    match attribute.get("N").and_then(Value::as_str) {
        Some(digits) => RowVersion::of_number(digits),
        None => {
            let types = attribute.as_object().and_then(|object| object.keys().next());
            RowVersion::of_type(types.map_or("unknown", String::as_str))
        }
    }
}

fn text<'a>(record: &'a Value, pointer: &str) -> &'a str {
    record.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache::Version;
    use serde_json::json;

    fn record(change: impl FnOnce(&mut Value)) -> Value {
        let mut record = json!({
            "eventID": "e-1",
            "eventName": "MODIFY",
            "eventSourceARN": "arn:stream",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_790_000_000.0,
                "Keys": {"id": {"S": "b-1"}},
                "OldImage": {"id": {"S": "b-1"}, "version": {"N": "7"}, "category": {"S": "shoes"}},
                "NewImage": {"id": {"S": "b-1"}, "version": {"N": "8"}, "category": {"S": "boots"}},
                "SequenceNumber": "111"
            }
        });
        change(&mut record);
        record
    }

    #[test]
    fn a_record_becomes_a_change() {
        let reading = read(&record(|_| {}));
        let change = reading.change.unwrap();
        assert_eq!((reading.sequence_number.as_str(), reading.refused), ("111", None));
        assert_eq!((change.kind, change.written_at), (ChangeKind::Updated, 1_790_000_000_000));
        assert_eq!(change.before.unwrap().category.as_deref(), Some("shoes"));
        assert_eq!(change.after.unwrap().version, RowVersion::Usable(Version(8)));
    }

    #[test]
    fn a_row_without_a_version_is_no_mistake() {
        let reading = read(&record(|r| r["dynamodb"]["NewImage"] = json!({"id": {"S": "b-1"}})));
        assert_eq!(reading.refused, None);
        assert_eq!(reading.change.unwrap().after.unwrap().version, RowVersion::Missing);
    }

    #[test]
    fn an_unusable_version_is_refused_with_its_reason_and_still_names_its_product() {
        for odd in [json!({"S": "8"}), json!({"N": "8.5"}), json!({"BOOL": true}), json!({}), json!(8)] {
            let reading = read(&record(|r| r["dynamodb"]["NewImage"]["version"] = odd.clone()));
            assert_eq!(reading.change.unwrap().id.as_str(), "b-1");
            let refused = reading.refused.unwrap();
            assert!(refused.reason.contains("version is unusable"), "{odd}: {}", refused.reason);
            assert_eq!((refused.id.as_deref(), refused.sequence_number.as_str()), (Some("b-1"), "111"));
        }
    }

    #[test]
    fn a_record_that_names_no_product_is_refused_and_one_no_reader_could_ask_for_is_passed() {
        let reading = read(&record(|r| r["dynamodb"]["Keys"] = json!({"sku": {"N": "1"}})));
        assert_eq!(reading.change, None);
        assert!(reading.refused.unwrap().reason.contains("no key"));
        let reading = read(&record(|r| r["dynamodb"]["Keys"] = json!({"id": {"S": "a b"}})));
        assert_eq!((reading.change, reading.refused), (None, None));
        assert!(read(&json!("nonsense")).refused.is_some());
    }

    #[test]
    fn an_unknown_event_is_refused_and_treated_as_the_worst() {
        let reading = read(&record(|r| r["eventName"] = json!("TRUNCATE")));
        assert_eq!(reading.change.unwrap().kind, ChangeKind::Deleted);
        assert!(reading.refused.unwrap().reason.contains("TRUNCATE"));
    }
}
