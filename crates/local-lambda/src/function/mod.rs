//! One function: real processes of its binary, invoked one at a time each, frozen in between.
//!
//! - `config`: what a function is; `error`: why it did not start; `logs`: what it writes.
//! - `fleet`: its environments; starts, reuses, supervises and ends them.
//! - `environment`: one process and its phases; `runtime_api`: what that process talks to.

mod config;
mod environment;
mod error;
mod fleet;
mod logs;
mod runtime_api;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::timeout;

pub use config::FunctionConfig;
pub use environment::{EnvironmentInfo, EnvironmentState};
pub use error::StartError;
pub use fleet::Counters;
pub use logs::{LogLine, LogStream};

use crate::invoke::{Invoke, InvokeError};
use crate::trace::new_trace_id;
use fleet::Fleet;

/// The largest payload of a synchronous invocation, in bytes: 6 MB.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

/// A started function. Dropping it ends its processes; [`Function::stop`] also waits for that.
pub struct Function {
    fleet: Arc<Fleet>,
}

impl Function {
    /// Starts the function's first environment and returns once it has initialised, or with the reason it did not; nothing
    /// is left running then.
    pub async fn start(config: FunctionConfig) -> Result<Arc<Self>, StartError> {
        let function = Arc::new(Self { fleet: Fleet::new(config) });
        let environment = function.fleet.start_environment().await?;
        function.fleet.keep(environment);
        Ok(function)
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        &self.fleet.config().name
    }

    /// The environments there are, oldest first.
    pub fn environments(&self) -> Vec<EnvironmentInfo> {
        self.fleet.environments()
    }

    /// What has happened since the start.
    pub fn counters(&self) -> Counters {
        self.fleet.counters()
    }

    /// Ends all environments, frozen or busy, and returns once their processes are reaped and their ports free. Whoever
    /// waits for an invocation is told that the process ended.
    pub async fn stop(&self) {
        self.fleet.stop().await;
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.fleet.shut_down();
    }
}

#[async_trait]
impl Invoke for Function {
    async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        self.invoke_traced(payload, &new_trace_id()).await
    }

    /// A payload above 6 MB is refused, as Lambda does, with the type `RequestTooLargeException`.
    ///
    /// Waits for a place in the order of arrival. A caller who goes away while waiting is forgotten; one who goes away
    /// later leaves the invocation to run to its end, as on AWS.
    async fn invoke_traced(&self, payload: Bytes, trace_id: &str) -> Result<Bytes, InvokeError> {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(InvokeError::Function {
                kind: "RequestTooLargeException".into(),
                message: format!(
                    "Request must be smaller than {MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation"
                ),
            });
        }
        let fleet = self.fleet.clone();
        let stopped = || InvokeError::Exited("the function was stopped".into());
        let place = match timeout(fleet.config().max_wait, fleet.places().acquire_owned()).await {
            Ok(place) => place.map_err(|_| stopped())?,
            Err(_) => {
                fleet.count_throttle();
                return Err(InvokeError::Throttled);
            }
        };
        let trace_id = trace_id.to_owned();
        let invocation = tokio::spawn(async move {
            let outcome = fleet.invoke(payload, trace_id).await;
            drop(place);
            outcome
        });
        invocation.await.unwrap_or_else(|_| Err(stopped()))
    }
}
