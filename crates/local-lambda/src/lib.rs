//! The Lambda of the local stack: real function binaries behind a Runtime API that freezes them, and an HTTP API in front.
//!
//! - [`Function`]: one function; its processes ("environments"), their Runtime API, freezing, scaling and time-outs.
//! - [`invoke_api`]: Lambda's own `Invoke` operation over a set of functions, for the AWS CLI, SDKs and `cargo lambda invoke`.
//! - [`Gateway`]: API Gateway's HTTP API (payload format 2.0) in front of functions.
//! - [`Process`]: a child process that never outlives this one; what environments are made of, and other servers may be.
//! - [`Invoke`]: what the rest of the stack asks of a function.
//!
//! ```no_run
//! use std::sync::Arc;
//! use local_lambda::{Function, FunctionConfig, Gateway, Invoke, Route};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = FunctionConfig {
//!     env: [("TABLE_NAME".to_owned(), "products".to_owned())].into(),
//!     ..FunctionConfig::new("read-api", "target/debug/read-api")
//! };
//! let read_api = Function::start(config).await?;
//!
//! let integration: Arc<dyn Invoke> = read_api.clone();
//! let gateway = Gateway::new(vec![Route::new("GET /api/products/{id}", integration)?])?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let requests = gateway.into_router().into_make_service_with_connect_info::<std::net::SocketAddr>();
//! axum::serve(listener, requests).await?;
//!
//! read_api.stop().await;
//! # Ok(())
//! # }
//! ```
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
