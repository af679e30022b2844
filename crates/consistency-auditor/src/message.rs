//! A message is a change or a look, or is refused.
//!
//! Two kinds of text are read: an EventBridge event of the type `ProductUpdated`, and what this function sends to itself, a
//! look at a change:
//!
//! ```json
//! {"look": {"product": "b-1", "version": 8, "event": "e-1", "expected": {"at_least": 8}, "since": 1795168800400, "after": 10}}
//! ```
//!
//! `expected` is a version, or a state of the source: `{"like": {"live": "8-1a2b3c4d"}}`, `{"like": "absent"}`. `since` is in
//! milliseconds since the epoch, `after` is one of the seconds of [`LOOKS`](crate::schedule::LOOKS).

use cache::{UnixMillis, Version};
use catalog::ProductId;
use lambda_support::metrics::After;
use lambda_support::published::{Published, Refused};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::judge::Expected;
use crate::schedule;

/// One record of an SQS batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Names it in the answer.
    pub id: String,
    /// What the body holds, or why it holds nothing that can be used.
    pub content: Result<Content, Refused>,
}

/// What a body holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A product has changed.
    Change(Change),
    /// It is time to look at a change.
    Look(Look),
}

/// A published change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose row.
    pub product: ProductId,
    /// The version after the change; zero if it has none.
    pub version: Version,
    /// Whether the version orders it: it grew, in a row that was there before and still is.
    pub ordered: bool,
    /// When it was written, to the second at best.
    pub written_at: UnixMillis,
    /// When it had been published at the latest; `None` if that is unknown.
    pub published_at: Option<UnixMillis>,
    /// The event's id.
    pub event: String,
    /// The X-Ray trace of the invocation that published it; empty if there is none.
    pub trace: String,
}

/// A look at a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Whose row.
    pub product: ProductId,
    /// The version after the change; zero if it has none. What is expected does not rest on it.
    pub version: Version,
    /// The id of the event that told of the change.
    pub event: String,
    /// The X-Ray trace of the invocation that published it; empty if there is none.
    pub trace: String,
    /// What every level has to have by now.
    pub expected: Expected,
    /// Since when that has been there to be had.
    pub since: UnixMillis,
    /// Which look it is.
    pub after: After,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    look: WireLook,
}

#[derive(Serialize, Deserialize)]
struct WireLook {
    product: String,
    version: u64,
    event: String,
    #[serde(default)]
    trace: String,
    expected: Expected,
    since: UnixMillis,
    after: u64,
}

impl Message {
    /// Reads one record.
    pub fn read(record: &Value) -> Message {
        let sent_at = text(record, "/attributes/SentTimestamp").parse().ok();
        let content = serde_json::from_str(&text(record, "/body"))
            .map_err(|error| Refused(format!("the body is not JSON: {error}")))
            .and_then(|body| Content::read(body, sent_at));
        Message { id: text(record, "/messageId"), content }
    }
}

impl Content {
    /// Reads a body. `sent_at` is when it was put into the queue.
    pub fn read(body: Value, sent_at: Option<UnixMillis>) -> Result<Content, Refused> {
        if body.get("look").is_some() {
            return Look::read(body).map(Content::Look);
        }
        Published::read(&body, sent_at).map(|published| Content::Change(published.into()))
    }
}

impl From<Published> for Change {
    fn from(Published { event, trace, update }: Published) -> Change {
        Change {
            product: update.id,
            version: update.version,
            ordered: update.ordered,
            written_at: update.written_at,
            published_at: update.published_at,
            event,
            trace,
        }
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Look {
    fn read(body: Value) -> Result<Look, Refused> {
        let wire = Wire::deserialize(body).map_err(|error| Refused(format!("not a look: {error}")))?.look;
        let product = ProductId::parse(&wire.product).map_err(|error| Refused(error.to_string()))?;
        let after = schedule::after(wire.after)
            .ok_or_else(|| Refused(format!("there is no look after {} seconds", wire.after)))?;
        let (version, event, trace) = (Version(wire.version), wire.event, wire.trace);
        Ok(Look { product, version, event, trace, expected: wire.expected, since: wire.since, after })
    }

    /// The text of the message that asks for this look.
    pub fn message(&self) -> String {
        let look = WireLook {
            product: self.product.to_string(),
            version: self.version.0,
            event: self.event.clone(),
            trace: self.trace.clone(),
            expected: self.expected.clone(),
            since: self.since,
            after: schedule::span(self.after).as_secs(),
        };
        // Only a map with keys that are no strings could fail here, and there is none.
        serde_json::to_string(&Wire { look }).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::answer::State;
    use crate::schedule::LOOKS;

    const TIME: u64 = 1_795_168_800_000;

    fn event(change: impl FnOnce(&mut Value)) -> Value {
        let mut event = json!({
            "version": "0", "id": "e-1", "detail-type": "ProductUpdated", "source": "tidemark",
            "account": "1", "time": "2026-11-20T10:00:00Z", "region": "eu-west-1", "resources": [],
            "detail": {"id": "b-1", "version": 8, "change": "updated", "written_at": 7, "ordered": true}
        });
        change(&mut event);
        event
    }

    fn read(body: &str) -> Result<Content, Refused> {
        Message::read(&json!({
            "messageId": "m-1", "body": body, "attributes": {"SentTimestamp": (TIME + 400).to_string()}
        }))
        .content
    }

    fn change(edit: impl FnOnce(&mut Value)) -> Change {
        match read(&event(edit).to_string()) {
            Ok(Content::Change(change)) => change,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_holds_a_change() {
        let read = change(|_| {});
        assert_eq!((read.product.as_str(), read.version, read.event.as_str()), ("b-1", Version(8), "e-1"));
        assert_eq!((read.ordered, read.written_at, read.published_at), (true, 7, Some(TIME + 400)));
        assert!(!change(|event| drop(event["detail"].as_object_mut().unwrap().remove("ordered"))).ordered);
        assert!(!change(|event| event["detail"]["change"] = json!("created")).ordered);
        assert!(!change(|event| event["detail"]["change"] = json!("deleted")).ordered);
        assert!(!change(|event| event["detail"]["version"] = json!(0)).ordered);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_reason() {
        let reason = |body: &str| read(body).unwrap_err().0;
        assert!(reason("{").contains("not JSON"));
        assert!(reason("7").contains("no detail-type"));
        assert!(
            reason(&event(|e| e["detail-type"] = json!("RecordRefused")).to_string())
                .contains("RecordRefused")
        );
        assert!(reason(&event(|e| e["detail"]["id"] = json!("../x?y")).to_string()).contains("product id"));
        assert!(reason(&event(|e| e["detail"] = Value::Null).to_string()).contains("ProductUpdated"));
        let look = |name: &str, value: Value| {
            let mut look = json!({"look": {
                "product": "b-1", "version": 8, "event": "e", "expected": {"at_least": 8}, "since": 7, "after": 10
            }});
            assert!(read(&look.to_string()).is_ok());
            look["look"][name] = value;
            reason(&look.to_string())
        };
        assert!(look("product", json!("../admin")).contains("product id"));
        assert!(look("after", json!(11)).contains("after 11 seconds"));
        for (name, value) in [("expected", json!({"more": 1})), ("since", json!(-1)), ("version", json!("8"))]
        {
            assert!(look(name, value).contains("not a look"));
        }
        assert!(Message::read(&json!("nonsense")).content.is_err());
    }

    fn looks() -> impl Strategy<Value = Look> {
        let state = prop_oneof![Just(State::Absent), ".*".prop_map(State::Live)];
        let expected = prop_oneof![
            any::<u64>().prop_map(|version| Expected::AtLeast(Version(version))),
            state.prop_map(Expected::Like)
        ];
        ("[a-z0-9-]{1,20}", any::<u64>(), ".*", expected, any::<u64>(), 0..LOOKS.len()).prop_filter_map(
            "an id",
            |(product, version, event, expected, since, look)| {
                let (version, after, trace) = (Version(version), LOOKS[look], event.clone());
                Some(Look {
                    product: ProductId::parse(&product).ok()?,
                    version,
                    event,
                    trace,
                    expected,
                    since,
                    after,
                })
            },
        )
    }

    proptest! {
        #[test]
        fn a_look_reads_back_as_it_was_sent(look in looks()) {
            prop_assert_eq!(read(&look.message()), Ok(Content::Look(look)));
        }

        #[test]
        fn whatever_else_arrives_is_refused_and_never_asked_for(
            body in ".*", id in ".*", after in any::<u64>(), expected in "[a-z_]{0,10}", version in any::<i64>(),
        ) {
            prop_assert!(read(&body).is_err());
            let mut odd = event(|event| event["detail"]["id"] = json!(id));
            odd["detail"]["version"] = json!(version);
            if let Ok(Content::Change(change)) = read(&odd.to_string()) {
                prop_assert_eq!(change.product.as_str(), id.as_str());
                prop_assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{}", id);
            }
            let look = json!({"look": {
                "product": id, "version": version, "event": body, "expected": {expected: 1}, "since": 0, "after": after
            }});
            if let Ok(Content::Look(look)) = read(&look.to_string()) {
                prop_assert_eq!((look.product.as_str(), schedule::span(look.after).as_secs()), (id.as_str(), after));
            }
        }
    }
}
