//! Follows one change through the running stack.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use local::observe::account::Account;
use local::observe::client::{AskError, Client};
use local::observe::show;

/// Follows one change through the local stack that is running: when it was written, streamed, told to the cache, published,
/// queued, purged and stored again, and by which invocations
#[derive(Debug, Parser)]
#[command(name = "trace")]
struct Arguments {
    /// A product (its last change), `product@version`, or an X-Ray trace id
    id: String,
    /// The file the stack has written
    #[arg(long, default_value = ".env.local")]
    env_file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(found) if found => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells whether anything is known of it.
async fn run(arguments: &Arguments) -> Result<bool, AskError> {
    let client = Client::find(&arguments.env_file)?;
    let accounts: Vec<Account> = client.ask("/trace", &[("id", &arguments.id)]).await?;
    let text = match arguments.json {
        true => format!("{}\n", serde_json::json!(accounts)),
        false => accounts.iter().map(|account| format!("{}\n", show::account(account))).collect(),
    };
    // Whoever stops reading, such as `head`, has seen enough.
    let _read = std::io::stdout().write_all(text.as_bytes());
    if accounts.is_empty() {
        eprintln!("nothing is known of {}: the stack remembers what happened since it started", arguments.id);
    }
    Ok(!accounts.is_empty())
}
