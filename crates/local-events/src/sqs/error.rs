//! What SQS refuses, under the names its API gives to it.

/// An error of the SQS API.
///
/// Names are those of the service model; [`SqsError::query_code`] is the older name that SDKs report to their users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqsError {
    /// No queue has this name.
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    /// A queue of this name exists with other attributes.
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    /// An attribute SQS does not know.
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    /// An attribute's value is out of range or malformed.
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    /// A parameter is out of range or malformed; the text says which and why.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// A required parameter is missing.
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(String),
    /// The body holds a character outside the allowed set.
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidMessageContents,
    /// Not a receipt handle of this queue.
    #[error("The input receipt handle \"{0}\" is not a valid receipt handle.")]
    ReceiptHandleIsInvalid(String),
    /// The message is visible again, so its visibility cannot be changed.
    #[error("The message referred to is not in flight.")]
    MessageNotInflight,
    /// More messages are in flight than a standard queue allows.
    #[error("Too many messages are in flight.")]
    OverLimit,
    /// The queue was purged within the last 60 seconds.
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeQueueInProgress(String),
    /// A batch request without entries.
    #[error("There should be at least one entry in the request.")]
    EmptyBatchRequest,
    /// More than ten entries.
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    /// Two entries of a batch share an id.
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    /// An entry's id is not 1–80 of `A-Za-z0-9_-`.
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    /// The bodies of a batch are larger than one request may be.
    #[error("Batch requests cannot be longer than {limit} bytes. You have sent {sent} bytes.")]
    BatchRequestTooLong {
        /// The most a batch may hold, in bytes.
        limit: usize,
        /// What it held, in bytes.
        sent: usize,
    },
    /// Something AWS has and this stack has not.
    #[error("{0}")]
    UnsupportedOperation(String),
}

impl SqsError {
    /// The `__type` of the JSON protocol.
    #[must_use]
    pub fn json_type(&self) -> String {
        match self {
            Self::InvalidParameterValue(_) => {
                "com.amazon.coral.service#InvalidParameterValueException".into()
            }
            Self::MissingParameter(_) => "com.amazon.coral.service#MissingRequiredParameterException".into(),
            named => format!("com.amazonaws.sqs#{}", named.name()),
        }
    }

    /// The code of the older query protocol, sent in `x-amzn-query-error` and shown by SDKs.
    #[must_use]
    pub fn query_code(&self) -> String {
        let prefixed = |name: &str| format!("AWS.SimpleQueueService.{name}");
        match self {
            Self::QueueDoesNotExist => prefixed("NonExistentQueue"),
            Self::QueueNameExists(_) => "QueueAlreadyExists".into(),
            Self::MessageNotInflight
            | Self::PurgeQueueInProgress(_)
            | Self::EmptyBatchRequest
            | Self::TooManyEntriesInBatchRequest(_)
            | Self::BatchEntryIdsNotDistinct(_)
            | Self::InvalidBatchEntryId
            | Self::BatchRequestTooLong { .. }
            | Self::UnsupportedOperation(_) => prefixed(self.name()),
            plain => plain.name().into(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::QueueDoesNotExist => "QueueDoesNotExist",
            Self::QueueNameExists(_) => "QueueNameExists",
            Self::InvalidAttributeName(_) => "InvalidAttributeName",
            Self::InvalidAttributeValue(_) => "InvalidAttributeValue",
            Self::InvalidParameterValue(_) => "InvalidParameterValue",
            Self::MissingParameter(_) => "MissingParameter",
            Self::InvalidMessageContents => "InvalidMessageContents",
            Self::ReceiptHandleIsInvalid(_) => "ReceiptHandleIsInvalid",
            Self::MessageNotInflight => "MessageNotInflight",
            Self::OverLimit => "OverLimit",
            Self::PurgeQueueInProgress(_) => "PurgeQueueInProgress",
            Self::EmptyBatchRequest => "EmptyBatchRequest",
            Self::TooManyEntriesInBatchRequest(_) => "TooManyEntriesInBatchRequest",
            Self::BatchEntryIdsNotDistinct(_) => "BatchEntryIdsNotDistinct",
            Self::InvalidBatchEntryId => "InvalidBatchEntryId",
            Self::BatchRequestTooLong { .. } => "BatchRequestTooLong",
            Self::UnsupportedOperation(_) => "UnsupportedOperation",
        }
    }
}
