//! The connection to one address that the requests of this process share.
//!
//! It is made by the first request, in a task of its own: a request that gives up does not undo it. It is replaced when
//! it broke, when it is too old, and when it has left requests unanswered for longer than any may take. Nothing happens
//! without a request: a function that is frozen between requests has no background to reconnect in, and a fleet that
//! reconnected by itself would storm a server that has just come back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cache::UnixMillis;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};
use tokio::time::Instant;

use crate::config::Address;
use crate::connection::Connector;
use crate::failure::Failure;

/// The pause after the second failure to connect in a row; it doubles with each further one. The first failure is
/// followed by no pause: it may have been a name that leads elsewhere now.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The shared connection to one address.
pub(crate) struct Link {
    connector: Arc<Connector>,
    address: Address,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Lane>,
    made: u64,
    failures: u32,
    refused_until: Option<(Instant, Failure)>,
}

/// One connection, made or being made.
#[derive(Clone)]
struct Lane {
    number: u64,
    born: UnixMillis,
    connection: Shared<BoxFuture<'static, Result<MultiplexedConnection, Failure>>>,
    unanswered: Arc<Mutex<Option<Instant>>>,
}

impl Link {
    pub(crate) fn new(connector: Arc<Connector>, address: Address) -> Self {
        Link { connector, address, state: Mutex::default() }
    }

    /// Sends commands together, on one connection. Returns an answer for each, and the connection's number.
    pub(crate) async fn send(&self, commands: &Pipeline) -> Result<(Vec<Value>, u64), Failure> {
        let lane = self.lane()?;
        let mut connection = match lane.connection.clone().await {
            Ok(connection) => connection,
            Err(failure) => {
                self.could_not_connect(lane.number, &failure);
                return Err(failure);
            }
        };
        lane.asked();
        let answer = connection.send_packed_commands(commands, 0, commands.len()).await;
        let answer = answer.map_err(Failure::from);
        match &answer {
            Err(Failure::Broken(_)) => self.forget(lane.number),
            Err(Failure::TimedOut) => {}
            _ => self.answered(&lane),
        }
        Ok((answer?, lane.number))
    }

    /// The next request does not get this connection.
    pub(crate) fn forget(&self, number: u64) {
        let mut state = self.lock();
        if state.current.as_ref().is_some_and(|lane| lane.number == number) {
            state.current = None;
        }
    }

    /// Whether the connection has left requests unanswered for longer than any may take.
    pub(crate) fn is_silent(&self) -> bool {
        let limit = self.connector.response_timeout;
        self.lock().current.as_ref().is_some_and(|lane| lane.silent_for() > limit)
    }

    fn lane(&self) -> Result<Lane, Failure> {
        let mut state = self.lock();
        let now = self.connector.clock.now();
        let (max_age, limit) = (self.connector.max_age.as_millis(), self.connector.response_timeout);
        let good =
            |lane: &&Lane| u128::from(now.saturating_sub(lane.born)) <= max_age && lane.silent_for() <= limit;
        if let Some(lane) = state.current.as_ref().filter(good) {
            return Ok(lane.clone());
        }
        if let Some((until, failure)) = &state.refused_until
            && Instant::now() < *until
        {
            return Err(failure.clone());
        }
        let (connector, address) = (self.connector.clone(), self.address.clone());
        let connecting = tokio::spawn(async move { connector.connect(&address).await });
        let connection = async move {
            connecting
                .await
                .unwrap_or_else(|error| Err(Failure::Broken(format!("connecting ended: {error}"))))
        };
        state.made += 1;
        let lane = Lane {
            number: state.made,
            born: now,
            connection: connection.boxed().shared(),
            unanswered: Arc::default(),
        };
        state.current = Some(lane.clone());
        Ok(lane)
    }

    fn could_not_connect(&self, number: u64, failure: &Failure) {
        let mut state = self.lock();
        // Many requests may have waited for the same connection: it failed once.
        if state.current.as_ref().is_some_and(|lane| lane.number == number) {
            state.current = None;
            state.failures += 1;
            let pause = pause_after(state.failures);
            state.refused_until = Some((Instant::now() + pause, failure.clone()));
        }
    }

    fn answered(&self, lane: &Lane) {
        *lane.unanswered() = None;
        let mut state = self.lock();
        (state.failures, state.refused_until) = (0, None);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// Stays noted until something is answered, also when the caller stops waiting.
    fn asked(&self) {
        self.unanswered().get_or_insert_with(Instant::now);
    }

    fn silent_for(&self) -> Duration {
        self.unanswered().map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn unanswered(&self) -> MutexGuard<'_, Option<Instant>> {
        self.unanswered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long to refuse requests after so many failures to connect in a row.
fn pause_after(failures: u32) -> Duration {
    match failures.checked_sub(2) {
        None => Duration::ZERO,
        Some(more) => FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(more)).min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_the_second_failure_to_connect_and_stay_bounded() {
        let pauses = [0, 1, 2, 3, 4, 7, 8, 1_000].map(|failures| pause_after(failures).as_millis());
        assert_eq!(pauses, [0, 0, 20, 40, 80, 640, 1_000, 1_000]);
    }
}
