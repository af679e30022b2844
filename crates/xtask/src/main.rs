//! Commands for developers of this workspace: `cargo xtask <command>`.
//!
//! - [`up`]: the local stack
//! - [`check`]: everything that must hold before a change is kept

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod check;
mod command;
mod up;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Commands for developers of this workspace")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build everything and run the whole system on this machine until Ctrl-C
    #[command(disable_help_flag = true)]
    Up {
        /// Passed on; see `cargo xtask up --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Format, lints, documentation and all tests
    Test {
        /// Run what takes long as well
        #[arg(long)]
        full: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Up { arguments } => up::run(&arguments),
        Task::Test { full } => check::run(full),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
