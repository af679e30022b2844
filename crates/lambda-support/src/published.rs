//! `ProductUpdated` as it comes from the bus, through a queue.

use cache::UnixMillis;
use catalog::edge::Update;
use serde_json::Value;

use crate::logs::trace_root;

/// A change that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The event's id.
    pub event: String,
    /// The root of the X-Ray trace of the invocation that published it; empty if the event does not say.
    pub trace: String,
    /// What has changed.
    pub update: Update,
}

/// Why a text cannot be used. It never can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Published {
    /// Reads an EventBridge event. `sent_at` is when it was put into the queue, if it came through one.
    pub fn read(event: &Value, sent_at: Option<UnixMillis>) -> Result<Published, Refused> {
        match event.get("detail-type").and_then(Value::as_str) {
            Some("ProductUpdated") => {}
            Some(other) => return Err(Refused(format!("the detail-type is {other:?}, not ProductUpdated"))),
            None => return Err(Refused("there is no detail-type: this is no EventBridge event".to_owned())),
        }
        // Of two moments by which it had been published, the earlier one is nearer.
        let published_at = published_at(event).into_iter().chain(sent_at).min();
        let detail = event.get("detail").unwrap_or(&Value::Null);
        let update = Update::read(detail, published_at).map_err(|error| Refused(error.to_string()))?;
        let text =
            |value: &Value, name| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let trace = trace_root(&text(detail, "trace_id")).to_owned();
        Ok(Published { event: text(event, "id"), trace, update })
    }
}

/// The latest moment at which an event with this `time` can have been published: EventBridge leaves out the fraction.
fn published_at(event: &Value) -> Option<UnixMillis> {
    let time = event.get("time")?.as_str()?.parse::<jiff::Timestamp>().ok()?;
    let time = u64::try_from(time.as_millisecond()).ok()?;
    Some(if time.is_multiple_of(1_000) { time + 999 } else { time })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TIME: u64 = 1_795_168_800_000;

    fn read(change: impl FnOnce(&mut Value), sent_at: Option<u64>) -> Result<Published, Refused> {
        let mut event = json!({
            "version": "0", "id": "e-1", "detail-type": "ProductUpdated", "source": "tidemark",
            "account": "1", "time": "2026-11-20T10:00:00Z", "region": "eu-west-1", "resources": [],
            "detail": {"id": "b-1", "version": 8, "change": "updated", "paths": [], "written_at": 7,
                "trace_id": "Root=1-a-b;Sampled=1"}
        });
        change(&mut event);
        Published::read(&event, sent_at)
    }

    #[test]
    fn an_event_names_itself_and_the_trace_behind_it() {
        let read = read(|_| {}, None).unwrap();
        assert_eq!((read.event.as_str(), read.trace.as_str()), ("e-1", "1-a-b"));
        assert_eq!(read.update.id.as_str(), "b-1");
    }

    #[test]
    fn an_event_had_been_published_by_the_end_of_its_second() {
        let published = |time: &str, sent_at| {
            read(|event| event["time"] = json!(time), sent_at).unwrap().update.published_at
        };
        assert_eq!(published("2026-11-20T10:00:00Z", None), Some(TIME + 999));
        assert_eq!(published("2026-11-20T10:00:00.250Z", None), Some(TIME + 250));
        assert_eq!(published("2026-11-20T10:00:00Z", Some(TIME + 9_000)), Some(TIME + 999), "it waited");
        assert_eq!(published("2026-11-20T10:00:00Z", Some(TIME + 400)), Some(TIME + 400));
        assert_eq!(published("soon", Some(5)), Some(5));
        assert_eq!(published("soon", None), None);
    }

    #[test]
    fn what_is_no_such_event_is_refused_with_its_reason() {
        let reason = |change: fn(&mut Value)| read(change, None).unwrap_err().0;
        assert!(reason(|event| *event = json!(7)).contains("no detail-type"));
        assert!(reason(|event| event["detail-type"] = json!("RecordRefused")).contains("RecordRefused"));
        assert!(reason(|event| event["detail"]["id"] = json!("a/b")).contains("product id"));
        assert!(reason(|event| event["detail"] = Value::Null).contains("ProductUpdated"));
    }
}
