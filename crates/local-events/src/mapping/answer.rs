//! What a function's answer says about its batch when the mapping has `ReportBatchItemFailures`.

use serde_json::Value;

/// The items a function reports as failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ItemFailures {
    /// The whole batch succeeded.
    None,
    /// These identifiers failed; at least one.
    Some(Vec<String>),
    /// The answer cannot be read, so the whole batch failed.
    Unreadable,
}

/// Reads `batchItemFailures` ("Configuring partial batch response with DynamoDB and Lambda", success and failure conditions):
/// null or empty answers and lists are success; an identifier that is null, empty or under another key fails the whole batch.
pub(super) fn item_failures(answer: &[u8]) -> ItemFailures {
    if answer.iter().all(u8::is_ascii_whitespace) {
        return ItemFailures::None;
    }
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return ItemFailures::Unreadable };
    let list = match &answer {
        Value::Null => return ItemFailures::None,
        Value::Object(fields) => fields.get("batchItemFailures").unwrap_or(&Value::Null),
        _ => return ItemFailures::Unreadable,
    };
    match list {
        Value::Null => ItemFailures::None,
        Value::Array(items) if items.is_empty() => ItemFailures::None,
        Value::Array(items) => items
            .iter()
            .map(identifier)
            .collect::<Option<_>>()
            .map_or(ItemFailures::Unreadable, ItemFailures::Some),
        _ => ItemFailures::Unreadable,
    }
}

fn identifier(item: &Value) -> Option<String> {
    item.get("itemIdentifier")?.as_str().filter(|id| !id.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_empty_answers_are_success() {
        for answer in ["", "null", "{}", r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#] {
            assert_eq!(item_failures(answer.as_bytes()), ItemFailures::None, "{answer}");
        }
    }

    #[test]
    fn null_empty_and_misnamed_identifiers_are_unreadable() {
        for item in
            [r#"{"itemIdentifier":null}"#, r#"{"itemIdentifier":""}"#, r#"{"id":"1"}"#, "{}", r#""1""#]
        {
            let answer = format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"7"}},{item}]}}"#);
            assert_eq!(item_failures(answer.as_bytes()), ItemFailures::Unreadable, "{item}");
        }
        for answer in ["ok", r#""ok""#, "[]", r#"{"batchItemFailures":"7"}"#] {
            assert_eq!(item_failures(answer.as_bytes()), ItemFailures::Unreadable, "{answer}");
        }
    }

    #[test]
    fn identifiers_are_read_in_their_order() {
        let answer = br#"{"batchItemFailures":[{"itemIdentifier":"9"},{"itemIdentifier":"7"}]}"#;
        assert_eq!(item_failures(answer), ItemFailures::Some(vec!["9".into(), "7".into()]));
    }
}
