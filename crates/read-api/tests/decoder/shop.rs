//! An API over a shop of two products, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use cache::memory::MemoryStore;
use cache::{Cache, CacheConfig, Entropy, SystemClock, Version};
use catalog::{
    Details, ItemList, ItemRead, Page, Position, Product, ProductId, RowVersion, SourceError, Stamp, Stored,
};
use read_api::{Api, Config};

pub const SECRET: &str = "hunter2";
pub const PREVIOUS_SECRET: &str = "tr0ub4dor";

/// An API that asks for a secret, or for the one before it, or for none.
pub fn shop(secret: Option<&str>) -> Api {
    let look_up = |name: &str| match name {
        "TABLE_NAME" => Some("products".to_owned()),
        "VALKEY_URL" => Some("redis://127.0.0.1:1".to_owned()),
        "ORIGIN_SECRET" => secret.map(str::to_owned),
        "ORIGIN_SECRET_PREVIOUS" => secret.map(|_| PREVIOUS_SECRET.to_owned()),
        "METRICS" => Some("off".to_owned()),
        _ => None,
    };
    let config = Config::read(&look_up).unwrap();
    let clock = Arc::new(SystemClock);
    let store = Arc::new(MemoryStore::new(clock.clone()));
    let cache = Cache::new(store, clock, Entropy::from_seed(7), CacheConfig::default());
    Api::new(&config, Arc::new(cache), Arc::new(Shop))
}

struct Shop;

fn product(id: &ProductId) -> Option<Product> {
    let category = match id.as_str() {
        "boots-001" => "boots",
        "b-1" => "Schuhe, \u{fc}ber",
        _ => return None,
    };
    let details = Details {
        name: "Boot".to_owned(),
        description: String::new(),
        category: category.to_owned(),
        price_cents: 4200,
        currency: "EUR".to_owned(),
        attributes: BTreeMap::new(),
    };
    Some(Product { id: id.clone(), details, version: Version(7), updated_at: None })
}

fn stored(id: &ProductId) -> Option<Stored> {
    let product = product(id)?;
    Some(Stored {
        version: RowVersion::Usable(product.version),
        stamp: Stamp("7".into()),
        product: Ok(product),
    })
}

#[async_trait]
impl ItemRead for Shop {
    async fn read(&self, id: &ProductId) -> Result<Option<Stored>, SourceError> {
        Ok(stored(id))
    }

    async fn read_many(&self, ids: &[ProductId]) -> Vec<Result<Option<Stored>, SourceError>> {
        ids.iter().map(|id| Ok(stored(id))).collect()
    }
}

#[async_trait]
impl ItemList for Shop {
    async fn list(
        &self,
        category: Option<&str>,
        limit: u16,
        after: Option<&Position>,
    ) -> Result<Page, SourceError> {
        let all = ["b-1", "boots-001"].map(|id| product(&ProductId::parse(id).unwrap()).unwrap());
        let wanted = |product: &Product| {
            category.is_none_or(|category| product.details.category == category)
                && after.is_none_or(|after| product.id.as_str() > after.0.as_str())
        };
        let items: Vec<_> = all.into_iter().filter(wanted).take(usize::from(limit)).collect();
        let next = items.last().map(|last| Position(last.id.to_string()));
        Ok(Page { items, next })
    }
}
