//! The weather behind the real functions, with a table and a bus in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use catalog::{
    BusError, Event, EventBus, ItemList, ItemRead, ItemWrite, Page, Position, Product, ProductId, RowVersion,
    SourceError, Stamp, Stored, WriteError,
};

/// A table in memory. It does not check conditions: the adapter's own tests do.
#[derive(Default)]
pub struct Table(Mutex<BTreeMap<ProductId, Product>>);

impl Table {
    fn rows<T>(&self, with: impl FnOnce(&mut BTreeMap<ProductId, Product>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes a row past everything.
    pub fn put(&self, reading: Product) {
        self.rows(|rows| rows.insert(reading.id.clone(), reading));
    }
}

#[async_trait]
impl ItemRead for Table {
    async fn read(&self, id: &ProductId) -> Result<Option<Stored>, SourceError> {
        let found = self.rows(|rows| rows.get(id).cloned());
        Ok(found.map(|reading| Stored {
            version: RowVersion::Usable(reading.version),
            stamp: Stamp(reading.version.to_string()),
            product: Ok(reading),
        }))
    }

    async fn read_many(&self, ids: &[ProductId]) -> Vec<Result<Option<Stored>, SourceError>> {
        let mut found = Vec::new();
        for id in ids {
            found.push(self.read(id).await);
        }
        found
    }
}

#[async_trait]
impl ItemList for Table {
    async fn list(&self, region: Option<&str>, _: u16, _: Option<&Position>) -> Result<Page, SourceError> {
        let all: Vec<Product> = self.rows(|rows| rows.values().cloned().collect());
        let items = all.into_iter().filter(|reading| region.is_none_or(|region| region == reading.group()));
        Ok(Page { items: items.collect(), next: None })
    }
}

#[async_trait]
impl ItemWrite for Table {
    async fn create(&self, reading: &Product) -> Result<(), WriteError> {
        self.put(reading.clone());
        Ok(())
    }

    async fn replace(&self, reading: &Product, _: &Stamp) -> Result<(), WriteError> {
        self.create(reading).await
    }

    async fn delete(&self, id: &ProductId, _: &Stamp) -> Result<(), WriteError> {
        self.rows(|rows| rows.remove(id));
        Ok(())
    }
}

/// A bus that keeps what it was given.
#[derive(Default)]
pub struct Bus(Mutex<Vec<Event>>);

impl Bus {
    /// What was published.
    pub fn published(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl EventBus for Bus {
    async fn publish(&self, events: &[Event]) -> Vec<Result<String, BusError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(events.iter().cloned());
        events.iter().map(|_| Ok(String::new())).collect()
    }
}
