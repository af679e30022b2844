//! The floors in the cache, and when each of them rises.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cache::Head;
use cache::record::HEAD_LEN;

use crate::clock::unix_us;

/// The namespace of the keys, here and in the local stack.
const NAMESPACE: &str = "tidemark";
/// How often the thread that waits for notices looks whether it is still wanted.
const WAKE: Duration = Duration::from_millis(200);

/// A floor that was there at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The product.
    pub id: String,
    /// Its floor.
    pub floor: u64,
    /// When, in microseconds since the epoch.
    pub at_us: u64,
}

/// Notes every floor that is seen in the cache after its key was written, in a thread of its own.
///
/// The server tells of writes (`notify-keyspace-events` must have `K$`). The key is then read as any reader would, and the
/// time is that of this answer: a floor is never noted before a reader could have had it.
pub struct Floors {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<Seen>, redis::RedisError>>,
}

impl Floors {
    /// Notes from now on.
    pub fn watch(url: &str) -> Result<Floors, String> {
        let (mut notices, mut reader) = (connect(url)?, connect(url)?);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let (ready, wait) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let mut notices = notices.as_pubsub();
            notices.psubscribe(format!("__keyspace@0__:{NAMESPACE}.*"))?;
            notices.set_read_timeout(Some(WAKE))?;
            let _nobody_waits = ready.send(());
            let mut seen = Vec::new();
            while !stopped.load(Ordering::SeqCst) {
                let notice = match notices.get_message() {
                    Ok(notice) => notice,
                    Err(error) if error.is_timeout() => continue,
                    Err(error) => return Err(error),
                };
                let channel: String = notice.get_channel()?;
                let Some((_, key)) = channel.split_once(':') else { continue };
                let Some(id) = product_of(key) else { continue };
                if let Some(floor) = read(&mut reader, key)? {
                    seen.push(Seen { id: id.to_owned(), floor, at_us: unix_us() });
                }
            }
            Ok(seen)
        });
        let _or_it_has_ended = wait.recv();
        Ok(Floors { stop, thread })
    }

    /// Everything that was noted, in order.
    pub fn end(self) -> Result<Vec<Seen>, String> {
        self.stop.store(true, Ordering::SeqCst);
        let seen = self.thread.join().map_err(|_| "the watch of the floors ended early".to_owned())?;
        seen.map_err(|error| format!("the floors cannot be watched: {error}"))
    }
}

/// A blocking connection.
pub fn connect(url: &str) -> Result<redis::Connection, String> {
    let said = |error: redis::RedisError| format!("{url}: {error}");
    redis::Client::open(url).map_err(said)?.get_connection().map_err(said)
}

/// The floor under a key, if there is a record.
pub fn floor(connection: &mut redis::Connection, key: &str) -> Result<Option<u64>, String> {
    read(connection, key).map_err(|error| error.to_string())
}

/// The key of a product.
pub fn key(id: &str) -> Result<String, String> {
    let id = catalog::ProductId::parse(id).map_err(|error| error.to_string())?;
    let keys = catalog::Keys::new(NAMESPACE).map_err(|error| error.to_string())?;
    keys.product(&id).map(|key| key.as_str().to_owned()).map_err(|error| error.to_string())
}

fn read(connection: &mut redis::Connection, key: &str) -> Result<Option<u64>, redis::RedisError> {
    let mut head = redis::cmd("GETRANGE");
    let head: Vec<u8> = head.arg(key).arg(0).arg(HEAD_LEN - 1).query(connection)?;
    Ok(Head::decode(&head).ok().map(|head| head.floor.0))
}

/// The product of a key; other keys, those of lists among them, have none.
fn product_of(key: &str) -> Option<&str> {
    key.rsplit_once("{product:")?.1.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_product() {
        assert_eq!(product_of(&key("boots-001").unwrap()), Some("boots-001"));
        assert_eq!(product_of("tidemark.3:{family:boots}"), None);
    }
}
