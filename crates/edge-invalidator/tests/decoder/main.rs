//! Whatever lies in the queue, a message is refused with a reason or asks for purges that the edge takes.
//!
//! An ordinary test run plays the corpus beside each target (`__fuzz__/<target>/corpus`) and random inputs of a second; with
//! `cargo bolero test <target> --package edge-invalidator` a coverage-guided fuzzer searches, and adds to the corpus.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use catalog::edge::{Item, Order};
use edge_invalidator::message::{Content, Message, purge_again};
use serde_json::{Value, json};

/// A record of a batch, or whatever else the bytes are.
#[test]
fn records() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(record) = serde_json::from_slice::<Value>(bytes) else { return };
        check(&Message::read(&record));
    });
}

/// The bytes as the body of a record.
#[test]
fn bodies() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let attributes = json!({ "SentTimestamp": "1790000060000", "ApproximateReceiveCount": "2" });
        let record = json!({ "messageId": "m", "receiptHandle": "r", "attributes": attributes,
            "body": String::from_utf8_lossy(bytes) });
        let message = Message::read(&record);
        assert_eq!((message.id.as_str(), message.receipt.as_str(), message.received), ("m", "r", 2));
        if let Ok(Content { order: Order::Update(update), .. }) = &message.content {
            assert!(update.published_at <= Some(1_790_000_060_000), "no later than it came into the queue");
        }
        check(&message);
    });
}

fn check(message: &Message) {
    match &message.content {
        Err(refused) => assert!(!refused.0.is_empty()),
        Ok(Content { order: Order::Update(update), .. }) => {
            assert!(catalog::ProductId::parse(update.id.as_str()).is_ok());
        }
        Ok(Content { order: Order::Again(items), .. }) => {
            assert!(!items.is_empty());
            let items: Vec<Item> = items.iter().cloned().collect();
            let text = purge_again(&items, "reference");
            let read = Content::read(&serde_json::from_str(&text).unwrap(), None).unwrap();
            assert_eq!(read.order, Order::Again(items.into_iter().collect()), "sent and read again");
        }
    }
}

/// What a publisher writes stands below `detail`: no event of the bus passes for the function's own message.
#[test]
fn an_event_cannot_pass_for_a_second_purge() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let words = String::from_utf8_lossy(bytes);
        let again = json!({ "items": ["/*", words], "reference": words });
        let detail = json!({ "id": "b-1", "version": 7, "change": "updated", "written_at": 1, "paths": [],
            "purge-again": again, words.as_ref(): again });
        let event = json!({ "detail-type": "ProductUpdated", "source": "tidemark", "detail": detail });
        if let Ok(content) = Content::read(&event, None) {
            assert!(matches!(content.order, Order::Update(_)), "{words:?}");
        }
    });
}
