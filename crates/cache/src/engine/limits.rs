//! Time limits on the store, and what the breaker learns from them.

use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

use super::Cache;
use crate::store::StoreError;

impl Cache {
    /// Runs an operation under its time limit and keeps the breaker informed.
    pub(super) async fn kept<T>(
        &self,
        limit: Duration,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let result = within(limit, operation).await;
        self.inform(result.as_ref().err());
        result
    }

    /// Tells the breaker how an operation went.
    pub(super) fn inform(&self, failure: Option<&StoreError>) {
        match failure {
            None => self.breaker.succeeded(),
            Some(error) => {
                tracing::warn!(error = %error, "the cache store failed");
                self.breaker.failed(self.clock.now());
            }
        }
    }
}

/// Runs an operation under its time limit.
pub(super) async fn within<T>(
    limit: Duration,
    operation: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout(limit, operation).await.unwrap_or(Err(StoreError::TimedOut))
}
