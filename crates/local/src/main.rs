//! Starts the local stack and keeps it until Ctrl-C or SIGTERM.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use local::heard::next;
use local::{Options, Stack, StartError};
use tokio::signal::unix::{SignalKind, signal};

/// The whole system on this machine, without an AWS account.
#[derive(Debug, Parser)]
#[command(name = "up")]
struct Arguments {
    /// The port of the front door; every other port is chosen free
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Print one line of JSON on standard output once everything answers, and all else on standard error
    #[arg(long)]
    json: bool,
    /// When the edge is purged
    #[arg(long, default_value = "prompt", value_parser = ["prompt", "double", "fenced"])]
    purge: String,
    /// Let invalidations take as long as CloudFront says they do (P95 below 5 s)
    #[arg(long)]
    edge_delay: bool,
    /// The folder with the functions; without it, the one this program is in
    #[arg(long)]
    binaries: Option<PathBuf>,
    /// Print what the functions write to standard error
    #[arg(long)]
    logs: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
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
    let own = std::env::current_exe().map_err(part)?.parent().map(ToOwned::to_owned).unwrap_or_default();
    let binaries = arguments.binaries.unwrap_or(own);
    let mut options = Options::new(binaries);
    options.port = arguments.port;
    options.purge = arguments.purge;
    options.edge_delay = arguments.edge_delay;
    options.env_file = Some(".env.local".into());
    options.progress = |part| eprintln!("  up: {part}");
    let stack = tokio::select! {
        stack = Stack::start(options) => stack?,
        () = stopped() => return Ok(()),
    };
    if arguments.logs {
        let mut lines = stack.logs.subscribe();
        tokio::spawn(async move {
            while let Some(line) = next(&mut lines).await {
                eprintln!("{} {}", line.function, line.line);
            }
        });
    }
    announce(&stack, arguments.json);
    stopped().await;
    eprintln!("stopping");
    stack.stop().await;
    Ok(())
}

fn announce(stack: &Stack, json: bool) {
    if json {
        println!("{}", serde_json::json!(stack.endpoints));
        return;
    }
    for (what, place) in stack.endpoints.lines() {
        println!("{what:>16}  {place}");
    }
    println!("ready: curl -i {}/api/products/boots-001", stack.endpoints.edge);
}
