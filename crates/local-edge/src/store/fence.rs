//! Remembers purges for as long as fills that began before them are on their way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::invalidation::Item;

/// The order of fills and purges.
#[derive(Debug, Default)]
pub(crate) struct Fence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    epoch: u64,
    /// How many fills began in each epoch and are still on their way.
    on_their_way: BTreeMap<u64, usize>,
    purges: VecDeque<(u64, Arc<[Item]>)>,
}

/// A fill on its way. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Fill {
    fence: Arc<Fence>,
    began: u64,
}

impl Fence {
    pub(crate) fn begin(self: &Arc<Self>) -> Fill {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let began = state.epoch;
        *state.on_their_way.entry(began).or_default() += 1;
        Fill { fence: self.clone(), began }
    }

    pub(crate) fn purge(&self, items: &[Item]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.epoch += 1;
        if !state.on_their_way.is_empty() {
            let epoch = state.epoch;
            state.purges.push_back((epoch, items.into()));
        }
    }
}

impl Fill {
    /// Whether a purge that ran since this fill began covers what it brought.
    pub(crate) fn was_purged(&self, target: &str, tags: &[String]) -> bool {
        let state = self.fence.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = state.purges.iter().filter(|(epoch, _)| *epoch > self.began);
        since.flat_map(|(_, items)| items.iter()).any(|item| item.covers(target, tags))
    }
}

impl Drop for Fill {
    fn drop(&mut self) {
        let mut state = self.fence.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = state.on_their_way.get_mut(&self.began) {
            *count -= 1;
            if *count == 0 {
                state.on_their_way.remove(&self.began);
            }
        }
        let oldest = state.on_their_way.first_key_value().map_or(u64::MAX, |(began, _)| *began);
        while state.purges.front().is_some_and(|(epoch, _)| *epoch <= oldest) {
            state.purges.pop_front();
        }
    }
}
