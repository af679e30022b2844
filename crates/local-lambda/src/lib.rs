//! The Lambda of the local stack: real function binaries behind a Runtime API that freezes them, and an HTTP API in front.
//!
//! - [`Function`]: one function; its processes ("environments"), their Runtime API, freezing, scaling and time-outs.
//! - [`invoke_api`]: Lambda's own `Invoke` operation over a set of functions, for the AWS CLI, SDKs and `cargo lambda invoke`.
//! - [`Gateway`]: API Gateway's HTTP API (payload format 2.0) in front of functions.
//! - [`Process`]: a child process that never outlives this one; what environments are made of, and other servers may be.
//! - [`Invoke`]: what the rest of the stack asks of a function.
//!
//! Linux only: freezing and the tie to the parent rest on its signals and on `PR_SET_PDEATHSIG`.

mod arn;
mod clock;
mod function;
mod gateway;
mod invoke;
mod invoke_api;
mod process;
mod trace;

pub use arn::{ACCOUNT_ID, REGION, function_arn};
pub use function::{
    Counters, EnvironmentInfo, EnvironmentState, Function, FunctionConfig, LogLine, LogStream, StartError,
};
pub use gateway::{Gateway, Route, RouteError};
pub use invoke::{Invoke, InvokeError};
pub use invoke_api::invoke_api;
pub use process::Process;
