//! What parts of the stack tell each other over broadcast channels.

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// The next event. What was missed because it came too fast is skipped; a closed channel ends it.
pub async fn next<T: Clone>(events: &mut Receiver<T>) -> Option<T> {
    loop {
        match events.recv().await {
            Ok(event) => return Some(event),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast;

    #[tokio::test]
    async fn what_came_too_fast_is_skipped_and_the_rest_is_heard() {
        let (sender, mut events) = broadcast::channel(2);
        for number in 1..=5 {
            sender.send(number).unwrap();
        }
        drop(sender);
        assert_eq!((next(&mut events).await, next(&mut events).await), (Some(4), Some(5)));
        assert_eq!(next(&mut events).await, None);
    }
}
