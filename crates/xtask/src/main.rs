//! Commands for developers of this workspace: `cargo xtask <command>`.
//!
//! - [`task`]: the command line
//! - [`bench`](mod@bench): what is measured, built as it is shipped
//! - [`costs`]: what a month costs
//! - [`dependencies`]: what the workspace depends on, judged
//! - [`own_domain`]: the functions built and tried with another domain
//! - [`program`]: the local stack, its edge alone, or sample events through its functions
//! - [`deploy`]: the template deployed to a local emulator, tried and deleted
//! - [`check`]: everything that must hold before a change is kept
//! - [`template`]: what linters say of the template
//! - [`tools`]: what checks need and a bare machine lacks

use std::process::ExitCode;

use clap::Parser;

mod bench;
mod check;
mod command;
mod costs;
mod dependencies;
mod deploy;
mod own_domain;
mod program;
mod task;
mod template;
mod tools;

use task::Arguments;

fn main() -> ExitCode {
    match Arguments::parse().task.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
