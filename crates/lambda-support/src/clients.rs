//! The clients of a function, made once and reused by every invocation: at cold start, but for what a hit never needs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use cache::{Cache, CacheConfig, Clock, Entropy, SystemClock};
use catalog::{ItemList, ItemRead, Keys, Page, Position, ProductId, SourceError, Stored};
use source_dynamodb::DynamoItemStore;
use tokio::sync::OnceCell;

use crate::settings::Settings;
use crate::valkey::ValkeySettings;

/// Where the cache is and what its keys begin with.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// See [`valkey`](crate::valkey).
    pub valkey: ValkeySettings,
    /// `CACHE_NAMESPACE`, default `tidemark`.
    pub keys: Keys,
    /// How many bytes of bodies the process keeps in its own memory. Only a function that reads has use for any.
    pub memory_bytes: usize,
}

impl CacheSettings {
    /// Reads both; `None` if a mistake was noted.
    pub fn read(settings: &mut Settings<'_>) -> Option<CacheSettings> {
        let valkey = ValkeySettings::read(settings);
        let namespace = settings.optional("CACHE_NAMESPACE").unwrap_or_else(|| "tidemark".to_owned());
        let keys = settings.checked("CACHE_NAMESPACE", &namespace, Keys::new);
        Some(CacheSettings { valkey: valkey?, keys: keys?, memory_bytes: 0 })
    }

    /// The cache. It connects at its first command.
    pub async fn connect(&self) -> Result<Arc<Cache>, lambda_runtime::Error> {
        let store = Arc::new(self.valkey.store().await?);
        let config = CacheConfig { local_bytes: self.memory_bytes, ..CacheConfig::default() };
        Ok(Arc::new(Cache::new(store, Arc::new(SystemClock), Entropy::from_os(), config)))
    }
}

/// What every AWS client shares: region, credentials, endpoints, and limits that suit a request in flight: 500 ms to
/// connect, 1 s an attempt, 2 s in all. Read once; it takes a few milliseconds, most of them for the system's root
/// certificates.
pub async fn aws() -> &'static SdkConfig {
    static AWS: OnceCell<SdkConfig> = OnceCell::const_new();
    AWS.get_or_init(load).await
}

async fn load() -> SdkConfig {
    let limits = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(500))
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(2))
        .build();
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(50));
    aws_config::from_env().timeout_config(limits).retry_config(retries).load().await
}

/// The products' table.
pub fn items(aws: &SdkConfig, table: &str) -> Arc<DynamoItemStore> {
    Arc::new(DynamoItemStore::new(aws_sdk_dynamodb::Client::new(aws), table))
}

/// The products' table, for a function that hardly ever needs it: the first call makes its client.
pub struct LazyItems {
    table: String,
    made: OnceCell<Arc<DynamoItemStore>>,
}

impl LazyItems {
    /// The table of this name.
    pub fn new(table: &str) -> Self {
        LazyItems { table: table.to_owned(), made: OnceCell::new() }
    }

    async fn items(&self) -> &DynamoItemStore {
        self.made.get_or_init(async || items(aws().await, &self.table)).await
    }
}

#[async_trait]
impl ItemRead for LazyItems {
    async fn read(&self, id: &ProductId) -> Result<Option<Stored>, SourceError> {
        self.items().await.read(id).await
    }

    async fn read_many(&self, ids: &[ProductId]) -> Vec<Result<Option<Stored>, SourceError>> {
        self.items().await.read_many(ids).await
    }
}

#[async_trait]
impl ItemList for LazyItems {
    async fn list(
        &self,
        category: Option<&str>,
        limit: u16,
        after: Option<&Position>,
    ) -> Result<Page, SourceError> {
        self.items().await.list(category, limit, after).await
    }
}

/// The time left until an invocation's deadline, given in milliseconds since the epoch as Lambda does. A deadline on the
/// first day of 1970 is the time itself: `cargo lambda watch` gives every invocation 600000.
pub fn until(deadline: u64) -> Duration {
    const A_DAY: u64 = 86_400_000;
    let now = if deadline < A_DAY { 0 } else { SystemClock.now() };
    Duration::from_millis(deadline.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_a_moment_or_in_the_local_emulator_a_span() {
        let now = SystemClock.now();
        let left = until(now + 10_000);
        assert!(left <= Duration::from_secs(10) && left > Duration::from_secs(5), "{left:?}");
        assert_eq!(until(600_000), Duration::from_secs(600));
        assert_eq!(until(now - 1_000), Duration::ZERO);
    }
}
