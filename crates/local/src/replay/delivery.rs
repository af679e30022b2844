//! An event on its way into a function, as its source would deliver it.
//!
//! An event of the API, of a stream or of EventBridge is handed over as it is. The messages of an SQS batch are put into
//! the queue and received from it, so that the function may put them off; those it answers are deleted, the others are
//! delivered again once they are back. Those of the auditor are handed over too: it puts nothing off, and what it sends itself
//! is for later.

use std::collections::BTreeSet;
use std::time::Duration;

use cache::{Clock, SystemClock};
use local_edge::Fault;
use local_events::sqs::{Depth, Receive, ReceivedMessage, SendMessage};
use local_lambda::{Invoke, InvokeError};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::calls::Call;
use super::{Bench, Case, ReplayError, TOLD_AT};

/// The case in which CloudFront refuses the first call.
const THROTTLED: &str = "throttled";
/// The function whose messages are not put off.
const AUDITOR: &str = "consistency-auditor";
/// The most deliveries of a batch.
const MOST: usize = 3;
/// How long messages that were put off are waited for. The function lets them come back after 2 s, then 4 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// One invocation.
#[derive(Debug)]
pub struct Delivery {
    /// The function's answer, or why there is none.
    pub answer: Result<Value, InvokeError>,
    /// What CloudFront was asked for.
    pub calls: Vec<Call>,
    /// How many messages were delivered and how many of them came back, of a batch from a queue.
    pub messages: Option<(usize, usize)>,
}

impl Delivery {
    /// The status of an HTTP answer.
    pub fn status(&self) -> Option<u64> {
        self.answer.as_ref().ok()?.get("statusCode")?.as_u64()
    }

    /// A header of an HTTP answer; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let value = |at: &str| self.answer.as_ref().ok()?.get(at)?.get(name);
        let many = || value("multiValueHeaders")?.get(0)?.as_str();
        value("headers").and_then(Value::as_str).or_else(many).unwrap_or_default()
    }

    /// The body of an HTTP answer; empty if there is none.
    pub fn body(&self) -> &str {
        self.answer.as_ref().ok().and_then(|answer| answer.get("body")?.as_str()).unwrap_or_default()
    }

    /// What a batch's answer wants back: sequence numbers or message ids. `None` for an answer that is no batch's.
    pub fn failures(&self) -> Option<Vec<&str>> {
        let failures = self.answer.as_ref().ok()?.get("batchItemFailures")?.as_array()?;
        Some(failures.iter().filter_map(|failure| failure.get("itemIdentifier")?.as_str()).collect())
    }
}

/// Delivers a case's event. The answer of a function is part of what comes back, whatever it is.
pub async fn deliver(bench: &Bench, case: &Case) -> Result<Vec<Delivery>, ReplayError> {
    if case.name == THROTTLED {
        bench.edge.cloudfront.faults().refuse_next(1, Fault::TooManyInvalidationsInProgress);
    }
    match case.event.get("Records").and_then(Value::as_array) {
        Some(records) if case.is_from_queue() && case.function != AUDITOR => {
            through_queue(bench, case, records).await
        }
        _ => {
            let answer = invoke(bench, case, &in_the_present(case.event.clone())).await;
            Ok(vec![Delivery { answer, calls: bench.calls.take(), messages: None }])
        }
    }
}

async fn through_queue(bench: &Bench, case: &Case, records: &[Value]) -> Result<Vec<Delivery>, ReplayError> {
    let (queues, queue) = (&bench.messaging.queues, &bench.messaging.edge_queue);
    for record in records {
        let body = record["body"].as_str().unwrap_or_default();
        let present = serde_json::from_str(body).map(|event| in_the_present(event).to_string());
        queues.send(queue, SendMessage::new(present.unwrap_or_else(|_| body.to_owned())))?;
    }
    let mut deliveries = Vec::new();
    let waiting = |depth: Depth| depth.visible + depth.in_flight + depth.delayed;
    while deliveries.len() < MOST && waiting(queues.depth(queue)?) > 0 {
        // Those that were put off together are back together.
        let back = queues.wait_until(queue, |depth| depth.visible == waiting(depth));
        if timeout(PATIENCE, back).await.is_err() {
            break;
        }
        let all = Receive { max: records.len(), wait: Some(Duration::ZERO), visibility: None };
        let messages = queues.receive(queue, all).await?;
        let answer = invoke(bench, case, &batch(&messages, &records[0])).await;
        let mut delivery = Delivery { answer, calls: bench.calls.take(), messages: None };
        // Without an answer every message comes back.
        let wanted: Option<BTreeSet<&str>> = delivery.failures().map(BTreeSet::from_iter);
        let returned = |message: &&ReceivedMessage| {
            wanted.as_ref().is_none_or(|wanted| wanted.contains(message.message_id.as_str()))
        };
        for message in messages.iter().filter(|message| !returned(message)) {
            queues.delete(queue, &message.receipt_handle)?;
        }
        delivery.messages = Some((messages.len(), messages.iter().filter(returned).count()));
        deliveries.push(delivery);
    }
    Ok(deliveries)
}

/// The batch of these messages; what is the same in all of them is taken from a record of the file.
fn batch(messages: &[ReceivedMessage], like: &Value) -> Value {
    let records = messages.iter().map(|message| {
        let mut record = like.clone();
        record["messageId"] = json!(message.message_id);
        record["receiptHandle"] = json!(message.receipt_handle);
        record["body"] = json!(message.body);
        record["md5OfBody"] = json!(message.md5_of_body);
        record["attributes"] = json!(message.system_attributes());
        record
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

async fn invoke(bench: &Bench, case: &Case, event: &Value) -> Result<Value, InvokeError> {
    let exited = |reason: String| InvokeError::Exited(reason);
    let function = bench.function(&case.function);
    let function = function.ok_or_else(|| exited(format!("there is no function {}", case.function)))?;
    let answer = function.invoke(event.to_string().into()).await?;
    serde_json::from_slice(&answer).map_err(|error| exited(format!("its answer is not JSON: {error}")))
}

/// An event whose times are as long ago as they were when the file was written: the `time` of an EventBridge event, since
/// when a look has been due, and when the messages that hold them were sent. Anything else as it is.
fn in_the_present(mut event: Value) -> Value {
    let passed = SystemClock.now().saturating_sub(TOLD_AT);
    let time =
        event.get("time").and_then(Value::as_str).and_then(|time| time.parse::<jiff::Timestamp>().ok());
    let moved = time.and_then(|time| time.checked_add(Duration::from_millis(passed)).ok());
    if let Some(moved) = moved {
        event["time"] = json!(format!("{}", moved.strftime("%Y-%m-%dT%H:%M:%SZ")));
    }
    if let Some(since) = event.pointer_mut("/look/since") {
        *since = since.as_u64().map_or(Value::Null, |then| json!(then + passed));
    }
    for record in event.get_mut("Records").and_then(Value::as_array_mut).into_iter().flatten() {
        let sent = record.pointer("/attributes/SentTimestamp").and_then(Value::as_str);
        if let Some(sent) = sent.and_then(|sent| sent.parse::<u64>().ok()) {
            record["attributes"]["SentTimestamp"] = json!((sent + passed).to_string());
            let body = record["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
            if let Some(body) = body {
                record["body"] = json!(in_the_present(body).to_string());
            }
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_of_an_eventbridge_event_moves_and_it_stays_as_long_ago() {
        let age = |time: &str| {
            let event = in_the_present(json!({ "time": time, "detail": { "written_at": 7 } }));
            assert_eq!(event["detail"]["written_at"], 7);
            let time: jiff::Timestamp = event["time"].as_str().unwrap().parse().unwrap();
            SystemClock.now() as i64 - time.as_millisecond()
        };
        let told_at = jiff::Timestamp::from_millisecond(TOLD_AT as i64).unwrap();
        assert!((0..5_000).contains(&age(&told_at.to_string())));
        let an_hour = jiff::SignedDuration::from_hours(1);
        assert!((3_600_000..3_605_000).contains(&age(&(told_at - an_hour).to_string())));
        let request = json!({"requestContext": {"time": "21/Sep/2026:14:14:20 +0000"}});
        assert_eq!(in_the_present(request.clone()), request);
    }

    #[test]
    fn messages_and_what_they_hold_move_together() {
        let look = json!({ "look": { "since": TOLD_AT - 10_000 } }).to_string();
        let attributes = json!({ "SentTimestamp": TOLD_AT.to_string() });
        let event = in_the_present(json!({ "Records": [{ "attributes": attributes, "body": look }] }));
        let sent: u64 = event["Records"][0]["attributes"]["SentTimestamp"].as_str().unwrap().parse().unwrap();
        let look: Value = serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
        assert!((0..5_000).contains(&(SystemClock.now() - sent)));
        assert!((9_000..11_000).contains(&(sent - look["look"]["since"].as_u64().unwrap())));
    }

    #[test]
    fn an_http_answer_is_read_with_single_and_multiple_headers() {
        let answer = json!({
            "statusCode": 304, "headers": {"etag": "a"}, "multiValueHeaders": {"vary": ["b"]}, "body": null,
        });
        let delivery = Delivery { answer: Ok(answer), calls: Vec::new(), messages: None };
        assert_eq!((delivery.status(), delivery.body()), (Some(304), ""));
        assert_eq!(
            (delivery.header("etag"), delivery.header("vary"), delivery.header("age")),
            ("a", "b", "")
        );
        assert_eq!(delivery.failures(), None);
    }
}
