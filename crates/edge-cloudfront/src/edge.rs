//! Invalidations of one distribution.

use async_trait::async_trait;
use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_cloudfront::operation::create_invalidation::CreateInvalidationError;
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use catalog::edge::{Edge, EdgeError, Item};

/// Codes that say "later". `TooManyInvalidationsInProgress` is a quota; the others are rates and outages.
const BUSY: [&str; 9] = [
    "TooManyInvalidationsInProgress",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "PriorRequestNotComplete",
    "ServiceUnavailable",
];

/// A CloudFront distribution.
pub struct CloudFrontEdge {
    client: Client,
    distribution: String,
}

impl CloudFrontEdge {
    /// The distribution of this id.
    pub fn new(client: Client, distribution: impl Into<String>) -> Self {
        CloudFrontEdge { client, distribution: distribution.into() }
    }
}

#[async_trait]
impl Edge for CloudFrontEdge {
    async fn invalidate(&self, items: &[Item], reference: &str) -> Result<(), EdgeError> {
        let quantity = i32::try_from(items.len()).unwrap_or(i32::MAX);
        let texts = items.iter().map(|item| item.as_str().to_owned()).collect();
        let unsaid = |error: aws_sdk_cloudfront::error::BuildError| EdgeError::Failed(error.to_string());
        let paths = Paths::builder().quantity(quantity).set_items(Some(texts)).build().map_err(unsaid)?;
        let batch = InvalidationBatch::builder().paths(paths).caller_reference(reference).build();
        let request = self.client.create_invalidation().distribution_id(&self.distribution);
        match request.invalidation_batch(batch.map_err(unsaid)?).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(understood(&error)),
        }
    }
}

fn understood(error: &SdkError<CreateInvalidationError>) -> EdgeError {
    let (code, message) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
    let status = error.raw_response().map(|response| response.status().as_u16());
    match code {
        "InvalidationBatchAlreadyExists" => EdgeError::AlreadyAsked,
        // What the service has been seen to answer in place of the documented code.
        "InvalidArgument" if message.contains("caller reference that was used") => EdgeError::AlreadyAsked,
        _ if BUSY.contains(&code) || matches!(status, Some(429 | 503)) => {
            EdgeError::Busy(format!("{code}: {message}"))
        }
        _ => EdgeError::Failed(format!("CloudFront: {}", DisplayErrorContext(error))),
    }
}
