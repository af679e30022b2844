//! Serves one function binary: every HTTP request at one port, Lambda's `Invoke` at another.
//!
//! `cargo run --example serve_function -- target/debug/read-api TABLE_NAME=products`

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use local_lambda::{Function, FunctionConfig, Gateway, Invoke, LogLine, Route, invoke_api};
use tokio::net::TcpListener;
use tokio::sync::broadcast;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let binary = arguments.next().ok_or("usage: serve_function BINARY [NAME=VALUE…]")?;
    let pair = |argument: String| argument.split_once('=').map(|(name, value)| (name.into(), value.into()));
    let env = arguments.filter_map(pair).collect();

    let (logs, lines) = broadcast::channel(1024);
    tokio::spawn(print(lines));
    let config = FunctionConfig { env, logs: Some(logs), ..FunctionConfig::new("function", binary) };
    let function = Function::start(config).await?;

    let invoke: Arc<dyn Invoke> = function.clone();
    let gateway = Gateway::new(vec![Route::new("$default", invoke.clone())?])?.into_router();
    let api = TcpListener::bind("127.0.0.1:0").await?;
    println!("http   http://{}", api.local_addr()?);
    let requests = gateway.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(api, requests).await });

    let lambda = TcpListener::bind("127.0.0.1:0").await?;
    println!("lambda http://{}", lambda.local_addr()?);
    let invocations = invoke_api(BTreeMap::from([("function".to_owned(), invoke)]));
    tokio::spawn(async move { axum::serve(lambda, invocations).await });

    println!("ready");
    tokio::signal::ctrl_c().await?;
    function.stop().await;
    Ok(())
}

async fn print(mut lines: broadcast::Receiver<LogLine>) {
    loop {
        match lines.recv().await {
            Ok(line) => eprintln!("[{} {}] {}", line.function, line.environment, line.line),
            Err(broadcast::error::RecvError::Lagged(missed)) => eprintln!("[… {missed} lines]"),
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}
