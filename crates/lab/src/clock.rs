//! Virtual time, what runs in it, and randomness for each purpose of its own.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use tokio::time::{Instant, sleep_until};

use crate::times::millis;
use crate::workload::Millis;

/// 1 November 2026, 00:00 UTC: a month's budget lies ahead.
pub(crate) const EPOCH: cache::UnixMillis = 1_793_491_200_000;

/// Tells the virtual time since the beginning. tokio's paused clock jumps to the next thing that is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now(Instant);

impl Now {
    pub(crate) fn start() -> Self {
        Now(Instant::now())
    }

    pub(crate) fn millis(&self) -> Millis {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) async fn until(&self, at: Millis) {
        let due = self.0 + millis(at);
        if due > Instant::now() {
            sleep_until(due).await;
        }
    }
}

/// What is under way. While nothing is, virtual time need not stop at every event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tasks(Arc<AtomicUsize>);

impl Tasks {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.fetch_add(1, Ordering::Relaxed);
        let running = self.0.clone();
        tokio::spawn(async move {
            task.await;
            running.fetch_sub(1, Ordering::Relaxed);
        });
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// What a sequence of random numbers is for: another strategy that draws more of one kind must not change another kind.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Table,
    Wire,
    Way,
    Engine,
    /// What follows from the n-th write: the same for every strategy.
    Write(u64),
}

pub(crate) fn draws(seed: u64, purpose: Purpose) -> Rng {
    let stream = match purpose {
        Purpose::Table => 1,
        Purpose::Wire => 2,
        Purpose::Way => 3,
        Purpose::Engine => 4,
        Purpose::Write(number) => 16 + number,
    };
    Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stream.wrapping_mul(0xd1b5_4a32_d192_ed03))
}

/// A task that panicked leaves data as it is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
