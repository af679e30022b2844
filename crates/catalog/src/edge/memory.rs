//! A ledger in memory, for tests.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cache::UnixMillis;

use super::budget::Month;
use super::port::{Ledger, LedgerError};
use super::purged::Purged;
use crate::product::ProductId;

/// A ledger that lives as long as its process and forgets nothing.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    spent: HashMap<Month, u64>,
    purged: HashMap<ProductId, Purged>,
    broken: bool,
}

impl MemoryLedger {
    /// Fails every call from now on, or works again.
    pub fn set_broken(&self, broken: bool) {
        self.lock().broken = broken;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn working(&self) -> Result<MutexGuard<'_, State>, LedgerError> {
        let state = self.lock();
        if state.broken { Err(LedgerError("broken for a test".to_owned())) } else { Ok(state) }
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn spent(&self, month: &Month) -> Result<u64, LedgerError> {
        Ok(self.working()?.spent.get(month).copied().unwrap_or_default())
    }

    async fn spend(&self, month: &Month, items: u64) -> Result<u64, LedgerError> {
        let mut state = self.working()?;
        let spent = state.spent.entry(month.clone()).or_default();
        *spent += items;
        Ok(*spent)
    }

    async fn purged(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Purged>, LedgerError> {
        let state = self.working()?;
        Ok(ids.iter().filter_map(|id| Some((id.clone(), *state.purged.get(id)?))).collect())
    }

    async fn record(&self, purged: &[(ProductId, Purged)], _until: UnixMillis) -> Result<(), LedgerError> {
        self.working()?.purged.extend(purged.iter().cloned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::contract;
    use futures::executor::block_on;

    #[test]
    fn the_memory_ledger_keeps_the_contract() {
        block_on(contract::ledger(&MemoryLedger::default()));
    }
}
