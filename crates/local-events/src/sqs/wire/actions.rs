//! The actions: one function each from input to output.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::super::{Queues, Receive, Sent, SqsError};
use super::{batch, shapes};

/// Attribute names `GetQueueAttributes` may ask for without the queue having a value.
const OPTIONAL: [&str; 10] = [
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
];

pub async fn run(queues: &Queues, action: &str, body: &[u8]) -> Result<Value, SqsError> {
    let nothing = |()| json!({});
    match action {
        "CreateQueue" => {
            let input: shapes::CreateQueue = parse(body)?;
            queues.create(&input.queue_name, &input.attributes).map(|url| json!({ "QueueUrl": url }))
        }
        "DeleteQueue" => queues.remove(&on_queue(body)?).map(nothing),
        "GetQueueUrl" => {
            let input: shapes::GetQueueUrl = parse(body)?;
            queues.url_of(&input.queue_name).map(|url| json!({ "QueueUrl": url }))
        }
        "ListQueues" => list_queues(queues, &parse(body)?),
        "GetQueueAttributes" => get_queue_attributes(queues, &parse(body)?),
        "SetQueueAttributes" => {
            let input: shapes::SetQueueAttributes = parse(body)?;
            queues.set_attributes(&input.queue_url, &input.attributes).map(nothing)
        }
        "PurgeQueue" => queues.purge(&on_queue(body)?).map(nothing),
        "SendMessage" => send(queues, &on_queue(body)?, parse(body)?).map(Value::Object),
        "SendMessageBatch" => batch::send(queues, body),
        "ReceiveMessage" => receive(queues, parse(body)?).await,
        "DeleteMessage" => delete(queues, &on_queue(body)?, parse(body)?).map(Value::Object),
        "DeleteMessageBatch" => batch::run(body, |queue, entry| delete(queues, queue, entry)),
        "ChangeMessageVisibility" => {
            change_visibility(queues, &on_queue(body)?, parse(body)?).map(Value::Object)
        }
        "ChangeMessageVisibilityBatch" => {
            batch::run(body, |queue, entry| change_visibility(queues, queue, entry))
        }
        unknown => Err(SqsError::UnsupportedOperation(format!("{unknown} is not served here."))),
    }
}

pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| SqsError::InvalidParameterValue(error.to_string()))
}

pub fn send(queues: &Queues, queue: &str, input: shapes::Send) -> Result<Map<String, Value>, SqsError> {
    Ok(sent_shape(queues.send(queue, input.into_message()?)?))
}

fn sent_shape(sent: Sent) -> Map<String, Value> {
    let fields = [
        ("MessageId", Some(sent.message_id)),
        ("MD5OfMessageBody", Some(sent.md5_of_body)),
        ("MD5OfMessageAttributes", sent.md5_of_attributes),
        ("MD5OfMessageSystemAttributes", sent.md5_of_system_attributes),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect()
}

fn on_queue(body: &[u8]) -> Result<String, SqsError> {
    parse::<shapes::OnQueue>(body)
        .map(|input| input.queue_url)
        .map_err(|_| SqsError::MissingParameter("QueueUrl".into()))
}

async fn receive(queues: &Queues, input: shapes::ReceiveMessage) -> Result<Value, SqsError> {
    let max = input.max_number_of_messages.unwrap_or(1);
    let max = usize::try_from(max).ok().filter(|max| (1..=10).contains(max)).ok_or_else(|| {
        SqsError::InvalidParameterValue(format!(
            "Value {max} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
        ))
    })?;
    let request = Receive {
        max,
        wait: shapes::seconds("WaitTimeSeconds", input.wait_time_seconds, 20)?,
        visibility: shapes::seconds("VisibilityTimeout", input.visibility_timeout, 43_200)?,
    };
    let received = queues.receive(&input.queue_url, request).await?;
    if received.is_empty() {
        return Ok(json!({}));
    }
    let system_names = [input.attribute_names, input.message_system_attribute_names].concat();
    let messages: Vec<Value> = received
        .iter()
        .map(|message| shapes::message(message, &system_names, &input.message_attribute_names))
        .collect();
    Ok(json!({ "Messages": messages }))
}

fn delete(queues: &Queues, queue: &str, input: shapes::OnReceipt) -> Result<Map<String, Value>, SqsError> {
    queues.delete(queue, &input.receipt_handle).map(|()| Map::new())
}

fn change_visibility(
    queues: &Queues,
    queue: &str,
    input: shapes::OnReceipt,
) -> Result<Map<String, Value>, SqsError> {
    let timeout = shapes::seconds("VisibilityTimeout", input.visibility_timeout, 43_200)?
        .ok_or_else(|| SqsError::MissingParameter("VisibilityTimeout".into()))?;
    queues.change_visibility(queue, &input.receipt_handle, timeout).map(|()| Map::new())
}

/// Pages only when `MaxResults` asks for it; the token is the last URL of the page before.
fn list_queues(queues: &Queues, input: &shapes::ListQueues) -> Result<Value, SqsError> {
    let mut urls = queues.urls(&input.queue_name_prefix);
    if let Some(last) = &input.next_token {
        urls.retain(|url| url > last);
    }
    let most = input.max_results.unwrap_or(1_000);
    let more = urls.len() > most;
    urls.truncate(most);
    match urls.last() {
        Some(last) if more && input.max_results.is_some() => {
            Ok(json!({ "QueueUrls": urls, "NextToken": last }))
        }
        Some(_) => Ok(json!({ "QueueUrls": urls })),
        None => Ok(json!({})),
    }
}

fn get_queue_attributes(queues: &Queues, input: &shapes::GetQueueAttributes) -> Result<Value, SqsError> {
    let mut attributes = queues.attributes(&input.queue_url)?;
    if !input.attribute_names.iter().any(|name| name == "All") {
        let unknown = |name: &&String| !attributes.contains_key(*name) && !OPTIONAL.contains(&name.as_str());
        if let Some(name) = input.attribute_names.iter().find(unknown) {
            return Err(SqsError::InvalidAttributeName(name.clone()));
        }
        attributes.retain(|name, _| input.attribute_names.contains(name));
    }
    if attributes.is_empty() { Ok(json!({})) } else { Ok(json!({ "Attributes": attributes })) }
}
