//! What the client library reports, in the engine's words.

use cache::StoreError;
use redis::RedisError;

pub(crate) fn store_error(error: RedisError) -> StoreError {
    if error.is_timeout() {
        StoreError::TimedOut
    } else if is_broken_connection(&error) {
        StoreError::Unavailable(error.to_string())
    } else {
        StoreError::Refused(error.to_string())
    }
}

/// The connection is gone, whatever the command was; another attempt gets a new one.
pub(crate) fn is_broken_connection(error: &RedisError) -> bool {
    !error.is_timeout()
        && (error.is_connection_dropped() || error.is_io_error() || error.is_connection_refusal())
}
