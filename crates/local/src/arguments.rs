//! The command line of the local stack.

use std::path::PathBuf;

use clap::Parser;
use local::Options;

/// The whole system on this machine, without an AWS account.
#[derive(Debug, Parser)]
#[command(name = "up")]
pub struct Arguments {
    /// The port of the front door; every other port is chosen free
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Print one line of JSON on standard output once everything answers, and all else on standard error
    #[arg(long)]
    pub json: bool,
    /// When the edge is purged
    #[arg(long, default_value = "prompt", value_parser = ["prompt", "double", "fenced"])]
    pub purge: String,
    /// Let invalidations take as long as CloudFront says they do (P95 below 5 s)
    #[arg(long)]
    pub edge_delay: bool,
    /// The folder with the functions; without it, the one this program is in
    #[arg(long)]
    pub binaries: Option<PathBuf>,
    /// Print what the functions write to standard error
    #[arg(long)]
    pub logs: bool,
}

impl Arguments {
    /// How the stack is to be started.
    pub fn options(self) -> std::io::Result<Options> {
        let own = std::env::current_exe()?.parent().map(ToOwned::to_owned).unwrap_or_default();
        let mut options = Options::new(self.binaries.unwrap_or(own));
        options.port = self.port;
        options.purge = self.purge;
        options.edge_delay = self.edge_delay;
        options.env_file = Some(".env.local".into());
        options.progress = |part| eprintln!("  up: {part}");
        Ok(options)
    }
}
