//! Starts the local stack and keeps it until Ctrl-C or SIGTERM.

use std::process::ExitCode;

use clap::Parser;
use local::heard::next;
use local::{Stack, StartError};
use tokio::signal::unix::{SignalKind, signal};

mod arguments;

use arguments::Arguments;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), StartError> {
    let part = |error: std::io::Error| StartError::Part { what: "the stack", reason: error.to_string() };
    // From here on a signal ends the stack in order, also while it starts.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(part)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(part)?;
    let mut stopped = async move || tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} };
    let (json, logs) = (arguments.json, arguments.logs);
    let options = arguments.options().map_err(part)?;
    let stack = tokio::select! {
        stack = Stack::start(options) => stack?,
        () = stopped() => return Ok(()),
    };
    if logs {
        let mut lines = stack.logs.subscribe();
        tokio::spawn(async move {
            while let Some(line) = next(&mut lines).await {
                eprintln!("{} {}", line.function, line.line);
            }
        });
    }
    let endpoints = &stack.endpoints;
    println!("{}", if json { serde_json::json!(endpoints).to_string() } else { endpoints.announcement() });
    stopped().await;
    eprintln!("stopping");
    stack.stop().await;
    Ok(())
}
