//! The Lambda of the local stack: real function binaries behind a Runtime API that freezes them, and an HTTP API in front.

mod invoke;

pub use invoke::{Invoke, InvokeError};
