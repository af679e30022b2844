//! The errors of the API and their envelope.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::Fault;

/// What a call can be refused with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ApiError {
    #[error("The specified distribution does not exist.")]
    NoSuchDistribution,
    #[error("The specified invalidation does not exist.")]
    NoSuchInvalidation,
    #[error(
        "This operation requires a body. Ensure that the body is present and the Content-Type header is set."
    )]
    MissingBody,
    #[error("The XML document is malformed: {0}")]
    MalformedXml(String),
    #[error("The value of Quantity and the size of Items don't match.")]
    InconsistentQuantities,
    #[error("Invalidation batch specified is too large.")]
    BatchTooLarge,
    #[error("{0}")]
    InvalidArgument(String),
    #[error(
        "Processing your request will cause you to exceed the maximum number of in-progress invalidations."
    )]
    TooManyInvalidationsInProgress,
    #[error("{REFERENCE_USED}")]
    InvalidationBatchAlreadyExists,
    #[error("Rate exceeded")]
    Throttling,
    #[error("CloudFront is temporarily unavailable.")]
    ServiceUnavailable,
    #[error("The invalidation could not be written: {0}")]
    Internal(String),
    #[error("There is no such operation.")]
    UnknownOperation,
}

pub(super) const REFERENCE_USED: &str = "Your request contains a caller reference that was used for a previous invalidation batch for the same distribution.";

impl ApiError {
    fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoSuchDistribution => (StatusCode::NOT_FOUND, "NoSuchDistribution"),
            Self::NoSuchInvalidation => (StatusCode::NOT_FOUND, "NoSuchInvalidation"),
            Self::MissingBody => (StatusCode::BAD_REQUEST, "MissingBody"),
            Self::MalformedXml(_) => (StatusCode::BAD_REQUEST, "MalformedXML"),
            Self::InconsistentQuantities => (StatusCode::BAD_REQUEST, "InconsistentQuantities"),
            Self::BatchTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "BatchTooLarge"),
            Self::InvalidArgument(_) => (StatusCode::BAD_REQUEST, "InvalidArgument"),
            Self::TooManyInvalidationsInProgress => {
                (StatusCode::BAD_REQUEST, "TooManyInvalidationsInProgress")
            }
            Self::InvalidationBatchAlreadyExists => {
                (StatusCode::BAD_REQUEST, "InvalidationBatchAlreadyExists")
            }
            Self::Throttling => (StatusCode::BAD_REQUEST, "Throttling"),
            Self::ServiceUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
            Self::UnknownOperation => (StatusCode::NOT_FOUND, "UnknownOperationException"),
        }
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooManyInvalidationsInProgress => Self::TooManyInvalidationsInProgress,
            Fault::Throttling => Self::Throttling,
            Fault::ServiceUnavailable => Self::ServiceUnavailable,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.code();
        let kind = if status.is_server_error() { "Receiver" } else { "Sender" };
        let request_id = request_id();
        let message = self.to_string();
        let message = quick_xml::escape::escape(message.as_str());
        let xml = format!(
            "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"{}\"><Error><Type>{kind}</Type><Code>{code}</Code>\
             <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
            super::wire::NAMESPACE,
        );
        let headers = [(header::CONTENT_TYPE.as_str(), "text/xml"), ("x-amzn-requestid", &request_id)];
        (status, headers, xml).into_response()
    }
}

/// Looks like the UUIDs of the real service.
pub(super) fn request_id() -> String {
    let bits = fastrand::u128(..);
    let digits = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}
