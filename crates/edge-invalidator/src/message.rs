//! A message becomes an order, or is refused.
//!
//! Two kinds of text are read: an EventBridge event of the type `ProductUpdated`, and what this function sends to itself
//! for a second purge:
//!
//! ```json
//! {"purge-again": {"items": ["#product:b-1"], "reference": "tidemark-…"}}
//! ```
//!
//! Each record of a batch is read by itself: one that cannot be read must not take the others with it.

use std::collections::BTreeSet;

use cache::UnixMillis;
use catalog::edge::{Item, Order};
use lambda_support::logs::trace_root;
use lambda_support::published::{Published, Refused};
use serde_json::{Value, json};

/// One record of an SQS batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Names it in the answer.
    pub id: String,
    /// Names it to the queue.
    pub receipt: String,
    /// How often it was received, this time included.
    pub received: u32,
    /// What it holds.
    pub body: String,
    /// What the body asks for, or why it asks for nothing.
    pub content: Result<Content, Refused>,
}

/// What an event asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The event's id.
    pub event: String,
    /// The root of the trace of the invocation that published it; empty if nobody says.
    pub trace: String,
    /// What is to be done.
    pub order: Order,
}

impl Message {
    /// Reads one record.
    pub fn read(record: &Value) -> Message {
        let text = |pointer| record.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (id, receipt, body) = (text("/messageId"), text("/receiptHandle"), text("/body"));
        let sent_at = text("/attributes/SentTimestamp").parse().ok();
        let mut content = serde_json::from_str(body)
            .map_err(|error| Refused(format!("the body is not JSON: {error}")))
            .and_then(|body| Content::read(&body, sent_at));
        if let Ok(content) = &mut content
            && content.trace.is_empty()
        {
            content.trace = trace_root(text("/attributes/AWSTraceHeader")).to_owned();
        }
        Message {
            id: id.to_owned(),
            receipt: receipt.to_owned(),
            received: text("/attributes/ApproximateReceiveCount").parse().unwrap_or(1),
            body: body.to_owned(),
            content,
        }
    }
}

impl Content {
    /// Reads an event. `sent_at` is when it was put into the queue, if it came through one.
    pub fn read(body: &Value, sent_at: Option<UnixMillis>) -> Result<Content, Refused> {
        if let Some(again) = body.get("purge-again") {
            return again_from(again);
        }
        let Published { event, trace, update } = Published::read(body, sent_at)?;
        Ok(Content { event, trace, order: Order::Update(update) })
    }
}

fn again_from(again: &Value) -> Result<Content, Refused> {
    let texts = again.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let items = texts.iter().map(|item| {
        let text = item.as_str().ok_or_else(|| Refused(format!("{item} is no item")))?;
        Item::parse(text).map_err(|error| Refused(error.to_string()))
    });
    let items = items.collect::<Result<BTreeSet<_>, _>>()?;
    if items.is_empty() {
        return Err(Refused("a second purge without items".to_owned()));
    }
    let reference = again.get("reference").and_then(Value::as_str).unwrap_or_default();
    // The first purge's events had the same items: with their ids the second would pass for a repetition of the first.
    Ok(Content { event: format!("again {reference}"), trace: String::new(), order: Order::Again(items) })
}

/// The text of a message that asks for a second purge of `items`, which were first purged under `reference`.
pub fn purge_again(items: &[Item], reference: &str) -> String {
    let items: Vec<_> = items.iter().map(Item::as_str).collect();
    json!({ "purge-again": { "items": items, "reference": reference } }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(change: impl FnOnce(&mut Value)) -> Value {
        let mut event = json!({
            "version": "0", "id": "e-1", "detail-type": "ProductUpdated", "source": "tidemark",
            "account": "1", "time": "2026-11-20T10:00:00Z", "region": "eu-west-1", "resources": [],
            "detail": {"id": "b-1", "version": 8, "change": "updated", "paths": [], "written_at": 7}
        });
        change(&mut event);
        event
    }

    const TIME: u64 = 1_795_168_800_000;

    fn record(body: &str) -> Value {
        json!({
            "messageId": "m-1", "receiptHandle": "r-1", "body": body, "eventSource": "aws:sqs",
            "attributes": {"ApproximateReceiveCount": "3", "SentTimestamp": (TIME + 400).to_string()}
        })
    }

    fn published(content: &Content) -> Option<u64> {
        match &content.order {
            Order::Update(update) => update.published_at,
            Order::Again(_) => panic!("not an update"),
        }
    }

    #[test]
    fn a_message_holds_an_event() {
        let message = Message::read(&record(&event(|_| {}).to_string()));
        assert_eq!((message.id.as_str(), message.receipt.as_str(), message.received), ("m-1", "r-1", 3));
        let content = message.content.unwrap();
        assert_eq!((content.event.as_str(), published(&content)), ("e-1", Some(TIME + 400)));
    }

    #[test]
    fn the_trace_behind_a_change_is_the_publishers_or_else_the_queues() {
        let traced = |detail: &str, attribute: &str| {
            let mut record = record(&event(|event| event["detail"]["trace_id"] = json!(detail)).to_string());
            record["attributes"]["AWSTraceHeader"] = json!(attribute);
            Message::read(&record).content.unwrap().trace
        };
        assert_eq!(traced("1-a-b", "Root=1-c-d;Sampled=1"), "1-a-b");
        assert_eq!(traced("", "Root=1-c-d;Parent=7;Sampled=1"), "1-c-d");
        assert_eq!(traced("", ""), "");
    }

    #[test]
    fn a_second_purge_reads_back_as_it_was_written_under_an_id_of_its_own() {
        let items = ["#product:b-1", "/api/products/*"].map(|text| Item::parse(text).unwrap());
        let text = purge_again(&items, "tidemark-1");
        let content = Message::read(&record(&text)).content.unwrap();
        assert_eq!(
            content,
            Content {
                event: "again tidemark-1".into(),
                trace: String::new(),
                order: Order::Again(BTreeSet::from(items)),
            }
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_reason() {
        let reason = |body: &str| Message::read(&record(body)).content.unwrap_err().0;
        assert!(reason("{").contains("not JSON"));
        assert!(reason("7").contains("no detail-type"));
        let other = event(|event| event["detail-type"] = json!("RecordRefused")).to_string();
        assert!(reason(&other).contains("RecordRefused"));
        assert!(
            reason(&event(|event| event["detail"]["id"] = json!("a/b")).to_string()).contains("product id")
        );
        assert!(reason(&event(|event| event["detail"] = Value::Null).to_string()).contains("ProductUpdated"));
        for items in [json!([]), json!([7]), json!(["no item"]), json!("#a")] {
            reason(&json!({"purge-again": {"items": items}}).to_string());
        }
        assert!(Message::read(&json!("nonsense")).content.is_err());
    }
}
