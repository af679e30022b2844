//! What lies between an API process and the cache, for every strategy alike.

use std::future::Future;
use std::sync::{Arc, Mutex};

use fastrand::Rng;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::clock::{Tasks, lock};
use crate::times::{frozen, millis, store_way};

/// How long a caller waits for its fill to be acknowledged: the engine's default, given to the others as well.
const PATIENCE: u64 = 100;

/// The way to the cache and back.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    rng: Arc<Mutex<Rng>>,
    freezing: f64,
    tasks: Tasks,
}

impl Wire {
    pub(crate) fn new(rng: Rng, freezing: f64, tasks: Tasks) -> Self {
        Wire { rng: Arc::new(Mutex::new(rng)), freezing, tasks }
    }

    /// One operation: there, and back.
    pub(crate) async fn operation<T>(&self, operation: impl Future<Output = T>) -> T {
        self.way().await;
        let result = operation.await;
        self.way().await;
        result
    }

    /// A fill. What was sent arrives, even if its sender no longer waits, and after a freeze it arrives late: the table was
    /// asked long ago then.
    pub(crate) async fn fill<T: Send + 'static>(
        &self,
        fill: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let freeze = {
            let mut rng = lock(&self.rng);
            (rng.f64() < self.freezing).then(|| frozen(&mut rng))
        };
        let Some(freeze) = freeze else { return Some(self.operation(fill).await) };
        let (answer, answered) = oneshot::channel();
        let wire = self.clone();
        self.tasks.spawn(async move {
            sleep(millis(freeze)).await;
            // Nobody waits any more after a long freeze.
            let _ = answer.send(wire.operation(fill).await);
        });
        timeout(millis(PATIENCE), answered).await.ok()?.ok()
    }

    async fn way(&self) {
        let span = store_way(&mut lock(&self.rng));
        if span > 0 {
            sleep(millis(span)).await;
        }
    }
}
