//! Commands for developers of this workspace: `cargo xtask <command>`.
//!
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

use clap::{Parser, Subcommand};

mod bench;
mod check;
mod command;
mod costs;
mod dependencies;
mod deploy;
mod own_domain;
mod program;
mod template;
mod tools;

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
    /// Build the edge and put it alone in front of any HTTP origin until Ctrl-C
    #[command(disable_help_flag = true)]
    Edge {
        /// Passed on: --origin URL [--port N]; see `cargo xtask edge --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build everything and play the sample events in `events/` through the functions, one at a time
    #[command(disable_help_flag = true)]
    Replay {
        /// Passed on: [function[/case]] [--logs]; see `cargo xtask replay --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Follow one change through the stack that is running
    #[command(disable_help_flag = true)]
    Trace {
        /// Passed on: a product, product@version or trace id; see `cargo xtask trace --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The busiest keys of the stack that is running, their hit ratios, and what invalidates them
    #[command(disable_help_flag = true)]
    Top {
        /// Passed on: [--once]; see `cargo xtask top --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Search schedules of the real engine for a broken guarantee, or replay one: --seed N [--schedules M]
    #[command(disable_help_flag = true)]
    Sim {
        /// Passed on; see `cargo xtask sim --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// How stale reads get under several caching strategies, side by side, in virtual time: `--help` has the knobs
    #[command(disable_help_flag = true)]
    Lab {
        /// Passed on; see `cargo xtask lab --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// What a month costs: the tables of `docs/costs.md`, or the bill of a load of your own
    Costs {
        #[command(flatten)]
        load: Option<costs::Load>,
    },
    /// Build the functions with another domain in place of the products, and try them (`docs/own-domain.md`)
    OwnDomain,
    /// Build and deploy to a local emulator of AWS, try what was deployed, delete it
    DeployCheck,
    /// What linters say of the template, as it is written and as it is deployed
    Template,
    /// Upload the site, and purge what it replaces at the edge
    #[command(disable_help_flag = true)]
    Publish {
        /// Passed on: --stack NAME [--wait]; see `cargo xtask publish --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Purge tags, paths or everything at the edge
    #[command(disable_help_flag = true)]
    Purge {
        /// Passed on: --stack NAME --tag TAG --path PATH [--wait]; see `cargo xtask purge --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Sign a URL or cookies for what the edge shows to some only, or make a key pair for that
    #[command(disable_help_flag = true)]
    SignUrl {
        /// Passed on: --url URL --key FILE --key-pair-id ID --expires 1h; see `cargo xtask sign-url --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure the functions as they are shipped, side by side with what else could be there
    #[command(disable_help_flag = true)]
    Bench {
        /// Passed on: hit, instructions, cold, invalidation, lag, sustained, gate; --long; see `cargo xtask bench --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Make the interleavings happen in which caches keep a stale value, in well-known libraries
    Races,
    /// Format, lints, documentation and all tests
    Test {
        /// Run what takes long as well
        #[arg(long)]
        full: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Up { arguments } => program::become_program(&program::STACK, "local", &arguments),
        Task::Edge { arguments } => program::become_program(&program::STACK, "local-edge", &arguments),
        Task::Replay { arguments } => program::become_program(&program::STACK, "replay", &arguments),
        Task::Trace { arguments } => program::become_program(&program::STACK, "trace", &arguments),
        Task::Top { arguments } => program::become_program(&program::STACK, "top", &arguments),
        Task::Sim { arguments } => program::become_program(&["sim"], "sim", &arguments),
        Task::Lab { arguments } => program::become_program(&["lab"], "lab", &arguments),
        Task::Costs { load } => costs::run(load.as_ref()),
        Task::OwnDomain => own_domain::run(),
        Task::DeployCheck => deploy::check(),
        Task::Template => template::lint(),
        Task::Publish { arguments } => publish("publish", arguments),
        Task::Purge { arguments } => publish("purge", arguments),
        Task::SignUrl { arguments } => publish("sign-url", arguments),
        Task::Bench { arguments } => bench::run(&arguments),
        Task::Races => bench::races(),
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

/// Becomes the program of one of its commands.
fn publish(command: &str, arguments: Vec<String>) -> Result<(), command::Failure> {
    let arguments: Vec<_> = std::iter::once(command.to_owned()).chain(arguments).collect();
    program::become_program(&["publish"], "publish", &arguments)
}
