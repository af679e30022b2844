//! Loads that are running in this process, and who may join them.
//!
//! A reader may join a running load iff the store has just shown it **that load's token and a floor no higher than the one
//! that load began with**. Then no invalidation acknowledged before the reader began can have overtaken the load. Joining
//! whatever load happens to run, or by floor alone, breaks the rule: the key may have lived another life in between. And
//! what the load brings must not be below that floor, as it can be where some program has set the version back: the change
//! after that may repeat a version, and then raises no floor.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::answer::Answer;
use crate::key::Key;
use crate::record::Token;
use crate::version::Version;

/// The running loads of one process.
#[derive(Default)]
pub(crate) struct Flights(Mutex<Board>);

#[derive(Default)]
struct Board {
    flights: HashMap<Key, Flight>,
    departures: u64,
}

struct Flight {
    number: u64,
    token: Token,
    floor: Version,
    landing: watch::Receiver<Option<Answer>>,
}

/// A load under way. Dropping it without landing lets those who joined compete again.
pub(crate) struct Departed<'a> {
    flights: &'a Flights,
    key: &'a Key,
    number: u64,
    landing: watch::Sender<Option<Answer>>,
}

impl Flights {
    /// Announces a load to the other requests of this process.
    pub(crate) fn depart<'a>(&'a self, key: &'a Key, token: Token, floor: Version) -> Departed<'a> {
        let (sender, landing) = watch::channel(None);
        let mut board = self.lock();
        board.departures += 1;
        let number = board.departures;
        board.flights.insert(key.clone(), Flight { number, token, floor, landing });
        Departed { flights: self, key, number, landing: sender }
    }

    /// The landing of a running load of this token, begun at this floor or above.
    pub(crate) fn join(
        &self,
        key: &Key,
        token: Token,
        floor: Version,
    ) -> Option<watch::Receiver<Option<Answer>>> {
        let board = self.lock();
        let flight = board.flights.get(key)?;
        (flight.token == token && floor <= flight.floor).then(|| flight.landing.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Departed<'_> {
    /// Gives the answer to those who joined.
    pub(crate) fn land(self, answer: &Answer) {
        self.landing.send_replace(Some(answer.clone()));
    }
}

impl Drop for Departed<'_> {
    fn drop(&mut self) {
        let mut board = self.flights.lock();
        if board.flights.get(self.key).is_some_and(|flight| flight.number == self.number) {
            board.flights.remove(self.key);
        }
    }
}
