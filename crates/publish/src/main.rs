//! `cargo xtask publish`, `purge` and `sign-url`.

use std::process::ExitCode;

use clap::Parser;
use publish::{arguments::Arguments, commands};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match commands::run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code().into()
        }
    }
}
