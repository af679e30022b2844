//! Reading a product: through the cache, or past it.

use std::sync::Arc;

use cache::{Answer, Cache, GetError, Key, LoadError, Loaded, Lookup, Policy, Version};

use crate::keys::Keys;
use crate::ports::{ItemRead, SourceError, Stored};
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
        let lookup = Lookup { key: &key, policy: &self.policy, minimum, reload, family: None };
        self.cache.get_or_load(lookup, || self.load(id)).await
    }

    /// The product straight from the source, never below `minimum`; the cache is neither asked nor told.
    pub async fn fresh(&self, id: &ProductId, minimum: Version) -> Result<Answer, GetError> {
        self.cache.load_only(&self.policy, minimum, || self.load(id)).await
    }

    /// Several products through the cache, in the order asked; one that fails costs no other.
    pub async fn several(&self, ids: &[ProductId]) -> Vec<Result<Answer, GetError>> {
        let keys: Result<Vec<Key>, LoadError> = ids.iter().map(|id| self.key(id)).collect();
        let keys = match keys {
            Ok(keys) => keys,
            Err(error) => return ids.iter().map(|_| Err(error.clone().into())).collect(),
        };
        let load = async |places: Vec<usize>| {
            let missing: Vec<ProductId> = places.into_iter().map(|place| ids[place].clone()).collect();
            self.items.read_many(&missing).await.into_iter().map(loaded).collect()
        };
        self.cache.get_many(&self.policy, &keys, load).await
    }

    async fn load(&self, id: &ProductId) -> Result<Loaded, LoadError> {
        loaded(self.items.read(id).await)
    }

    fn key(&self, id: &ProductId) -> Result<Key, LoadError> {
        self.keys.product(id).map_err(|error| LoadError::Invalid(error.to_string()))
    }
}

/// What the database says, as the cache is to keep it.
fn loaded(read: Result<Option<Stored>, SourceError>) -> Result<Loaded, LoadError> {
    let stored = read.map_err(|error| LoadError::Unavailable(error.to_string()))?;
    let Some(stored) = stored else { return Ok(Loaded::Absent) };
    let product = stored.product.map_err(LoadError::Invalid)?;
    Ok(Loaded::Found { version: product.version, body: Representation::of(&product).into_stored() })
}
