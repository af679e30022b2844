//! Follows one change through the running stack.

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
    if arguments.json {
        println!("{}", serde_json::json!(accounts));
    } else {
        accounts.iter().for_each(|account| println!("{}", show::account(account)));
    }
    if accounts.is_empty() {
        eprintln!("nothing is known of {}: the stack remembers what happened since it started", arguments.id);
    }
    Ok(!accounts.is_empty())
}
