//! Why a function, or one more environment of it, could not start.

use std::io;
use std::path::PathBuf;

use crate::invoke::InvokeError;

/// Why an environment did not get as far as asking for its first invocation. Nothing of it is left running.
///
/// Its display is one line; [`StartError::stderr`] has the last lines the process wrote.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The binary could not be run.
    #[error("function {function} cannot be started: {}: {source}", binary.display())]
    Spawn {
        /// The function's name.
        function: String,
        /// The binary that was to run.
        binary: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No port for its Runtime API.
    #[error("function {function} cannot be started: no port for its Runtime API: {source}")]
    Listen {
        /// The function's name.
        function: String,
        /// What the system said.
        source: io::Error,
    },
    /// The process ended during its initialisation.
    #[error("function {function} ended while it started ({status}){}", last(stderr))]
    Exited {
        /// The function's name.
        function: String,
        /// The exit status, in words.
        status: String,
        /// The last lines on stderr.
        stderr: Vec<String>,
    },
    /// The process reported that its initialisation failed.
    #[error("function {function} failed to start: {kind}: {message}")]
    Init {
        /// The function's name.
        function: String,
        /// The reported `errorType`.
        kind: String,
        /// The reported `errorMessage`.
        message: String,
        /// The last lines on stderr.
        stderr: Vec<String>,
    },
    /// The process did not ask for an invocation in time.
    #[error("function {function} was not ready within {seconds} s{}", last(stderr))]
    TimedOut {
        /// The function's name.
        function: String,
        /// The limit that was exceeded, in seconds.
        seconds: f64,
        /// The last lines on stderr.
        stderr: Vec<String>,
    },
    /// The function was stopped meanwhile.
    #[error("function {function} was stopped")]
    Stopped {
        /// The function's name.
        function: String,
    },
}

impl StartError {
    /// The last lines the process wrote to stderr, oldest first.
    pub fn stderr(&self) -> &[String] {
        match self {
            Self::Exited { stderr, .. } | Self::Init { stderr, .. } | Self::TimedOut { stderr, .. } => stderr,
            Self::Spawn { .. } | Self::Listen { .. } | Self::Stopped { .. } => &[],
        }
    }
}

/// What a caller hears whose invocation needed an environment that could not start.
impl From<StartError> for InvokeError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Init { kind, message, .. } => Self::Function { kind, message },
            other => Self::Exited(other.to_string()),
        }
    }
}

fn last(stderr: &[String]) -> String {
    stderr.iter().rev().find(|line| !line.trim().is_empty()).map_or(String::new(), |line| format!(": {line}"))
}
