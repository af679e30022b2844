//! What is in the cache when a measurement begins: one product, put there by the engine itself, and the same text under
//! the plain key of those that know no engine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cache::{Cache, CacheConfig, Entropy, SystemClock, Version};
use cache_valkey::{ValkeyConfig, ValkeyStore};
use catalog::keys::product_policy;
use catalog::{
    Details, ItemRead, Keys, Product, ProductId, ReadProduct, RowVersion, SourceError, Stamp, Stored,
};

use crate::server::Server;

/// The product that is there.
pub const PRESENT: &str = "boots-001";
/// The product that is known not to be there.
pub const ABSENT: &str = "boots-999";

/// A product of a table that has no other.
struct One(Product);

#[async_trait]
impl ItemRead for One {
    async fn read(&self, id: &ProductId) -> Result<Option<Stored>, SourceError> {
        let product = (id == &self.0.id).then(|| self.0.clone());
        Ok(product.map(|product| Stored {
            version: RowVersion::Usable(product.version),
            stamp: Stamp(String::new()),
            product: Ok(product),
        }))
    }

    async fn read_many(&self, ids: &[ProductId]) -> Vec<Result<Option<Stored>, SourceError>> {
        let mut rows = Vec::new();
        for id in ids {
            rows.push(self.read(id).await);
        }
        rows
    }
}

/// A product whose rendered body has about `bytes` bytes.
pub fn product(bytes: usize) -> Product {
    let filler = "Water-repellent leather, stitched sole, \"made to last\". ";
    let mut attributes = BTreeMap::new();
    let mut left = bytes.saturating_sub(220);
    let description: String = filler.chars().cycle().take(left.min(4_000)).collect();
    left = left.saturating_sub(4_000);
    for number in 0..50 {
        if left < 30 {
            break;
        }
        let text: String = filler.chars().cycle().take(left.min(1_000)).collect();
        left = left.saturating_sub(text.len() + 20);
        attributes.insert(format!("note-{number:02}"), text);
    }
    let details = Details {
        name: "Ankle boot, black".to_owned(),
        description,
        category: "boots".to_owned(),
        price_cents: 12_900,
        currency: "EUR".to_owned(),
        attributes,
    };
    let id = ProductId::parse(PRESENT).unwrap_or_else(|_| unreachable!("a fixed id"));
    Product { id, details, version: Version(1_790_000_000_000), updated_at: None }
}

/// Fills an empty server; the answer is the body's size in bytes.
pub async fn seed(server: &Server, bytes: usize) -> Result<usize, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let config = ValkeyConfig::from_url(&server.url()).map_err(|error| said(&error))?;
    let store = Arc::new(ValkeyStore::new(config).map_err(|error| said(&error))?);
    let cache =
        Arc::new(Cache::new(store, Arc::new(SystemClock), Entropy::from_os(), CacheConfig::default()));
    let keys = Keys::new("tidemark").map_err(|error| said(&error))?;
    let product = product(bytes);
    let body = product.render();
    let mut policy = product_policy();
    policy.fresh_for = Duration::from_secs(86_400);
    policy.absent_for = Duration::from_secs(86_400);
    let read = ReadProduct::new(cache, Arc::new(One(product)), keys, policy);
    for id in [PRESENT, ABSENT] {
        let id = ProductId::parse(id).map_err(|error| said(&error))?;
        read.cached(&id, Version::ZERO, false).await.map_err(|error| said(&error))?;
    }
    let client = redis::Client::open(server.url()).map_err(|error| said(&error))?;
    let mut plain = client.get_multiplexed_async_connection().await.map_err(|error| said(&error))?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let set = redis::cmd("SET").arg(format!("plain:{PRESENT}")).arg(text).query_async::<()>(&mut plain).await;
    set.map_err(|error| said(&error))?;
    Ok(body.len())
}
