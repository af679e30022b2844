//! Reading a product: through the cache, or past it.

use std::sync::Arc;

use cache::{Answer, Cache, GetError, Key, LoadError, Loaded, Lookup, Policy, Version};

use crate::keys::Keys;
use crate::ports::ItemRead;
use crate::product::ProductId;
use crate::representation::Representation;

/// Reads products.
pub struct ReadProduct {
    cache: Arc<Cache>,
    items: Arc<dyn ItemRead>,
    keys: Keys,
    policy: Policy,
}

impl ReadProduct {
    /// Reads through `cache` from `items`.
    pub fn new(cache: Arc<Cache>, items: Arc<dyn ItemRead>, keys: Keys, policy: Policy) -> Self {
        ReadProduct { cache, items, keys, policy }
    }

    /// The product through the cache, never below `minimum`. With `reload` the source is asked in any case, and the
    /// cache is offered what it says.
    pub async fn cached(&self, id: &ProductId, minimum: Version, reload: bool) -> Result<Answer, GetError> {
        let key = self.key(id)?;
        let lookup = Lookup { key: &key, policy: &self.policy, minimum, reload };
        self.cache.get_or_load(lookup, || self.load(id)).await
    }

    /// The product straight from the source, never below `minimum`; the cache is neither asked nor told.
    pub async fn fresh(&self, id: &ProductId, minimum: Version) -> Result<Answer, GetError> {
        self.cache.load_only(&self.policy, minimum, || self.load(id)).await
    }

    async fn load(&self, id: &ProductId) -> Result<Loaded, LoadError> {
        let stored = self.items.read(id).await.map_err(|error| LoadError::Unavailable(error.to_string()))?;
        let Some(stored) = stored else { return Ok(Loaded::Absent) };
        let product = stored.product.map_err(LoadError::Invalid)?;
        Ok(Loaded::Found { version: product.version, body: Representation::of(&product).into_stored() })
    }

    fn key(&self, id: &ProductId) -> Result<Key, LoadError> {
        self.keys.product(id).map_err(|error| LoadError::Invalid(error.to_string()))
    }
}
