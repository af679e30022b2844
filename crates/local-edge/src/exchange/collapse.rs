//! Request collapsing: one origin request per cache key at a time, the others wait for what it brings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::origin::OriginError;
use crate::http_rules::VaryValues;
use crate::key::Key;

/// What the one request brought for those who waited.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// Something that is stored and usable: look again.
    Stored,
    /// Something that is not for others. As on CloudFront everybody then asks for himself, at the price of having waited.
    NotShared,
    /// The origin failed, and the stale copy stands in.
    StaleStandsIn,
    /// The origin failed.
    Failed(OriginError),
}

/// Requests with equal keys and equal values of the headers the key is known to vary by.
pub(super) type FlightKey = (Key, VaryValues);

#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    running: HashMap<FlightKey, (u64, watch::Receiver<Option<Outcome>>)>,
    next_id: u64,
}

pub(super) enum Role {
    /// Nobody asks yet: this request does.
    Lead(Flight),
    /// Somebody asks already.
    Wait(Waiting),
}

/// The one request. If it ends without an outcome, the waiting ones ask for themselves.
pub(super) struct Flight {
    flights: Arc<Flights>,
    key: FlightKey,
    id: u64,
    outcome: watch::Sender<Option<Outcome>>,
}

pub(super) struct Waiting(watch::Receiver<Option<Outcome>>);

impl Flights {
    pub(super) fn join(self: &Arc<Self>, key: FlightKey) -> Role {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, outcome)) = state.running.get(&key) {
            return Role::Wait(Waiting(outcome.clone()));
        }
        let id = state.next_id;
        state.next_id += 1;
        let (outcome, receiver) = watch::channel(None);
        state.running.insert(key.clone(), (id, receiver));
        Role::Lead(Flight { flights: self.clone(), key, id, outcome })
    }

    /// From here on nobody joins what is running now.
    pub(crate) fn leave_behind(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).running.clear();
    }
}

impl Flight {
    pub(super) fn finish(self, outcome: Outcome) {
        self.outcome.send_replace(Some(outcome));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut state = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.running.get(&self.key).is_some_and(|(id, _)| *id == self.id) {
            state.running.remove(&self.key);
        }
    }
}

impl Waiting {
    pub(super) async fn outcome(mut self) -> Outcome {
        let outcome = self.0.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        outcome.unwrap_or(Outcome::NotShared)
    }
}
