//! Tells the failure destination of records that were given up: where they are in the stream, not what they hold.

use serde_json::json;
use uuid::Uuid;

use super::mapping::Context;
use super::retry::{Attempt, Outcome};
use crate::clock::{rfc3339_millis, rfc3339_seconds};
use crate::sqs::SendMessage;

/// Why records were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

impl Condition {
    fn name(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
        }
    }
}

/// Sends the invocation record of "Retain discarded records for a DynamoDB event source in Lambda".
///
/// A queue that cannot take it is logged; the records are given up all the same, as on AWS.
pub(super) fn tell(
    context: &Context,
    shard_id: &str,
    attempt: &Attempt,
    condition: Condition,
    outcome: &Outcome,
) {
    let (Some(first), Some(last)) = (attempt.entries.first(), attempt.entries.last()) else { return };
    tracing::warn!(
        shard_id,
        first = first.sequence_number,
        last = last.sequence_number,
        condition = condition.name(),
        "records given up"
    );
    let Some(destination) = &context.settings.on_failure else { return };
    let mut message = json!({
        "requestContext": {
            "requestId": Uuid::new_v4().to_string(),
            "functionArn": context.function.arn,
            "condition": condition.name(),
            "approximateInvokeCount": attempt.invocations,
        },
        "version": "1.0",
        "timestamp": rfc3339_millis(context.clock.now_ms()),
        "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": rfc3339_seconds(first.created_ms),
            "approximateArrivalOfLastRecord": rfc3339_seconds(last.created_ms),
            "batchSize": attempt.entries.len(),
            "streamArn": context.source.stream_arn(),
        },
    });
    if attempt.invocations > 0 {
        let mut response = json!({ "statusCode": 200, "executedVersion": "$LATEST" });
        if *outcome == Outcome::Failure {
            response["functionError"] = json!("Unhandled");
        }
        message["responseContext"] = response;
    }
    if let Err(error) = context.queues.send(destination, SendMessage::new(message.to_string())) {
        tracing::error!(destination, %error, "the failure destination took no record");
    }
}
