//! How a mapping is told to end.

use tokio::sync::watch;

/// The side that decides. Dropping it stops the mapping too.
#[derive(Debug)]
pub(super) struct StopSwitch(watch::Sender<bool>);

/// The side that is told.
#[derive(Debug, Clone)]
pub(super) struct StopSignal(watch::Receiver<bool>);

pub(super) fn stop_switch() -> (StopSwitch, StopSignal) {
    let (sender, receiver) = watch::channel(false);
    (StopSwitch(sender), StopSignal(receiver))
}

impl StopSwitch {
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl StopSignal {
    /// Resolves once the mapping is to end, at once if that was said before.
    pub async fn requested(&self) {
        // An error means that the switch is gone, which is as good as a request.
        let _ = self.0.clone().wait_for(|stopped| *stopped).await;
    }

    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}
