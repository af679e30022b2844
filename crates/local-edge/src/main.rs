//! The edge alone in front of any HTTP origin: `local-edge --origin URL [--port N]`.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use clap::Parser;
use local_edge::{Edge, EdgeConfig};
use tokio::net::TcpListener;

/// An HTTP cache in front of one origin that obeys the origin's headers.
#[derive(Debug, Parser)]
#[command(name = "local-edge")]
struct Arguments {
    /// Where the origin listens, for example http://127.0.0.1:8000
    #[arg(long)]
    origin: http::Uri,
    /// The port on 127.0.0.1 to answer on
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            eprintln!("local-edge: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let edge = Edge::new(EdgeConfig::generic(arguments.origin.clone()))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener =
        TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    println!("http://{} in front of {}", listener.local_addr()?, arguments.origin);
    let app = edge.router().into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(stopped()).await?;
    Ok(())
}

async fn stopped() {
    // Without a signal handler the process ends by the signal itself, which is as well.
    let _ = tokio::signal::ctrl_c().await;
}
