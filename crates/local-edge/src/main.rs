//! The edge alone in front of any HTTP origin: `local-edge --origin URL [--port N]`.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use clap::Parser;
use local_edge::{CloudFront, CloudFrontConfig, Edge, EdgeConfig};
use tokio::net::TcpListener;

mod arguments;

use arguments::Arguments;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local-edge: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let tag_header = Some(arguments.tag_header);
    let edge = Edge::new(EdgeConfig { tag_header, ..EdgeConfig::generic(arguments.origin.clone()) })?;
    let listener = listen(arguments.port).await?;
    println!("http://{} in front of {}", listener.local_addr()?, arguments.origin);
    if let Some(port) = arguments.api_port {
        let listener = listen(port).await?;
        println!("http://{} is its CloudFront API, distribution ELOCAL", listener.local_addr()?);
        let api = CloudFront::new(edge.clone(), CloudFrontConfig::new("ELOCAL")).router();
        tokio::spawn(async move { axum::serve(listener, api).await });
    }
    local_edge::serve(edge, listener, stopped()).await;
    Ok(())
}

async fn listen(port: u16) -> Result<TcpListener, String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// Resolves at SIGINT or SIGTERM.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    // Without a handler the process ends by the signal itself, which is as well.
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        },
        _ => std::future::pending().await,
    }
}
