//! What can go wrong with a request, and what is done about it.
//!
//! | what | in one node | in a cluster |
//! |---|---|---|
//! | the connection is gone or cannot be made | connect anew, once more | ask who owns the slot now, once more |
//! | `READONLY`, `MASTERDOWN`: the server was demoted | connect anew (the name may lead elsewhere), once more | as above |
//! | `CLUSTERDOWN`, `LOADING` | refused | as above |
//! | `MOVED` | refused: this is a cluster | remembered, once more where it says |
//! | `ASK` | refused | once more where it says, with `ASKING` |
//! | no answer in time; too few replicas; anything else | refused | refused |
//!
//! Nothing is tried a third time: above this stands an engine that can go to the source, and a stream that tells again.

use cache::StoreError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why a request has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The connection is gone, or cannot be made.
    Broken(String),
    /// No answer in time.
    TimedOut,
    /// The server is a replica, or has lost its primary.
    Demoted(String),
    /// The server is not ready, or its cluster is not.
    NotReady(String),
    /// The slot belongs to this address.
    Moved(String),
    /// The key is, or would be, at this address, to which the slot is moving.
    Ask(String),
    /// The server does not know the script.
    NoScript,
    /// Fewer replicas than asked for have the write.
    TooFewReplicas {
        /// How many have it.
        acknowledged: u32,
        /// How many were asked for.
        wanted: u32,
    },
    /// Anything else.
    Refused(String),
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        let text = error.to_string();
        match error.kind() {
            _ if error.is_timeout() => Failure::TimedOut,
            // An answer that cannot be read leaves the connection at an unknown place.
            ErrorKind::Io | ErrorKind::Parse => Failure::Broken(text),
            ErrorKind::Server(kind) => match (kind, error.redirect_node()) {
                (ServerErrorKind::Moved, Some((address, _))) => Failure::Moved(address.to_owned()),
                (ServerErrorKind::Ask, Some((address, _))) => Failure::Ask(address.to_owned()),
                (ServerErrorKind::NoScript, _) => Failure::NoScript,
                (ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown, _) => Failure::Demoted(text),
                // Redis 6 wraps what a script met.
                _ if text.contains("-READONLY ") => Failure::Demoted(text),
                (ServerErrorKind::ClusterDown | ServerErrorKind::BusyLoading, _) => Failure::NotReady(text),
                _ => Failure::Refused(text),
            },
            _ => Failure::Refused(text),
        }
    }
}

impl Failure {
    /// Whether another connection to the same name may do better.
    pub(crate) fn connection_is_to_blame(&self) -> bool {
        matches!(self, Failure::Broken(_) | Failure::Demoted(_))
    }

    /// Whether another node of the cluster may do better.
    pub(crate) fn node_is_to_blame(&self) -> bool {
        self.connection_is_to_blame() || matches!(self, Failure::NotReady(_))
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => StoreError::TimedOut,
            Failure::Broken(text) | Failure::Demoted(text) | Failure::NotReady(text) => {
                StoreError::Unavailable(text)
            }
            Failure::TooFewReplicas { acknowledged, wanted } => StoreError::Unavailable(format!(
                "{acknowledged} of the {wanted} replicas asked for acknowledged the write"
            )),
            Failure::Moved(address) | Failure::Ask(address) => StoreError::Refused(format!(
                "the slot is at {address}: is the form node where it should be cluster?"
            )),
            Failure::NoScript => StoreError::Refused("the server forgets scripts".to_owned()),
            Failure::Refused(text) => StoreError::Refused(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(answer: &str) -> Failure {
        let value = redis::parse_redis_value(format!("-{answer}\r\n").as_bytes()).unwrap();
        Failure::from(value.extract_error().unwrap_err())
    }

    #[test]
    fn a_server_that_should_not_be_asked_is_told_from_one_that_says_no() {
        assert_eq!(failure("MOVED 3999 10.0.0.1:6381"), Failure::Moved("10.0.0.1:6381".to_owned()));
        assert_eq!(failure("ASK 3999 10.0.0.1:6381"), Failure::Ask("10.0.0.1:6381".to_owned()));
        assert_eq!(failure("NOSCRIPT No matching script."), Failure::NoScript);
        for demoted in [
            "READONLY You can't write against a read only replica.",
            "MASTERDOWN Link is down",
            "ERR Error running script (call to f_0): @user_script:9: -READONLY You can't write against a replica.",
        ] {
            assert!(failure(demoted).connection_is_to_blame(), "{demoted}");
        }
        for not_ready in ["CLUSTERDOWN The cluster is down", "LOADING Redis is loading the dataset in memory"]
        {
            let failure = failure(not_ready);
            assert!(failure.node_is_to_blame() && !failure.connection_is_to_blame(), "{not_ready}");
        }
        for refused in [
            "OOM command not allowed",
            "NOPERM this user",
            "WRONGPASS invalid",
            "ERR x",
            "TRYAGAIN",
            "CROSSSLOT",
        ] {
            assert!(matches!(failure(refused), Failure::Refused(_)), "{refused}");
        }
    }

    #[test]
    fn a_connection_that_is_gone_is_told_from_one_that_is_slow() {
        let io = |kind| Failure::from(RedisError::from(std::io::Error::from(kind)));
        for gone in [
            std::io::ErrorKind::BrokenPipe,
            std::io::ErrorKind::ConnectionRefused,
            std::io::ErrorKind::ConnectionReset,
            std::io::ErrorKind::UnexpectedEof,
        ] {
            assert!(io(gone).connection_is_to_blame(), "{gone}");
        }
        assert_eq!(io(std::io::ErrorKind::TimedOut), Failure::TimedOut);
    }
}
