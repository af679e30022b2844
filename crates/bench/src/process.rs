//! The engine as one process of a function has it: over the real store, with a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use cache::{Cache, CacheConfig, CacheStore, Entropy, Policy, SystemClock};
use cache_valkey::{ValkeyConfig, ValkeyStore};

use crate::records::LIFE_MS;
use crate::server::Server;

/// How long the store may take: a busy machine is no slow cache.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// An engine over a server, which it connects to when it is first asked.
pub fn engine(server: &Server) -> Result<Cache, String> {
    let mut config = ValkeyConfig::from_url(&server.url()).map_err(|error| error.to_string())?;
    config.response_timeout = PATIENCE;
    config.connect_timeout = PATIENCE;
    let store: Arc<dyn CacheStore> = Arc::new(ValkeyStore::new(config).map_err(|error| error.to_string())?);
    Ok(Cache::new(store, Arc::new(SystemClock), Entropy::from_os(), CacheConfig::default()))
}

/// The default policy, but what is fresh stays so, and the store may take its time.
pub fn policy() -> Policy {
    let fresh_for = Duration::from_millis(LIFE_MS);
    Policy { fresh_for, store_timeout: PATIENCE, store_soft_timeout: PATIENCE, ..Policy::default() }
}
