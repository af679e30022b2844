//! Shows the busiest keys of the running stack.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use local::observe::client::{AskError, Client};
use local::observe::show;
use local::observe::traffic::Key;

/// Shows the busiest keys of the local stack that is running: requests, hit ratio at each level, purges, and who writes them
#[derive(Debug, Parser)]
#[command(name = "top")]
struct Arguments {
    /// Print once instead of again and again
    #[arg(long)]
    once: bool,
    /// How many keys
    #[arg(long, default_value_t = 20)]
    most: usize,
    /// Seconds between two pictures
    #[arg(long, default_value_t = 2)]
    every: u64,
    /// The file the stack has written
    #[arg(long, default_value = ".env.local")]
    env_file: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), AskError> {
    let client = Client::find(&arguments.env_file)?;
    let most = arguments.most.to_string();
    loop {
        let keys: Vec<Key> = client.ask("/top", &[("most", &most)]).await?;
        let table = show::top(&keys);
        let text = match arguments.once {
            true => table,
            // Clears the screen, as every terminal understands it.
            false => format!("\x1b[2J\x1b[H{table}every {} s; Ctrl-C ends it\n", arguments.every),
        };
        // Nobody reads any more: that is its end as well.
        if std::io::stdout().write_all(text.as_bytes()).is_err() || arguments.once {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(arguments.every)).await;
    }
}
