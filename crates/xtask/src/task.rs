//! The command line: each task, and the file that does it.

use clap::{Args, Parser, Subcommand};

use crate::command::Failure;
use crate::program::{STACK, become_program};
use crate::{bench, check, costs, deploy, own_domain, template};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Commands for developers of this workspace")]
pub struct Arguments {
    #[command(subcommand)]
    pub task: Task,
}

/// What the program behind a command understands, and its `--help` explains.
#[derive(Debug, Args)]
pub struct PassedOn {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Build everything and run the whole system on this machine until Ctrl-C
    #[command(disable_help_flag = true)]
    Up(PassedOn),
    /// Build the edge and put it alone in front of any HTTP origin until Ctrl-C
    #[command(disable_help_flag = true)]
    Edge(PassedOn),
    /// Build everything and play the sample events in `events/` through the functions, one at a time
    #[command(disable_help_flag = true)]
    Replay(PassedOn),
    /// Follow one change through the stack that is running
    #[command(disable_help_flag = true)]
    Trace(PassedOn),
    /// The busiest keys of the stack that is running, their hit ratios, and what invalidates them
    #[command(disable_help_flag = true)]
    Top(PassedOn),
    /// Search schedules of the real engine for a broken guarantee, or replay one: --seed N [--schedules M]
    #[command(disable_help_flag = true)]
    Sim(PassedOn),
    /// How stale reads get under several caching strategies, side by side, in virtual time: `--help` has the knobs
    #[command(disable_help_flag = true)]
    Lab(PassedOn),
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
    Publish(PassedOn),
    /// Purge tags, paths or everything at the edge
    #[command(disable_help_flag = true)]
    Purge(PassedOn),
    /// Sign a URL or cookies for what the edge shows to some only
    #[command(disable_help_flag = true)]
    SignUrl(PassedOn),
    /// Make a key pair to sign with
    #[command(disable_help_flag = true)]
    NewKey(PassedOn),
    /// Measure the functions as they are shipped, side by side with what else could be there
    #[command(disable_help_flag = true)]
    Bench(PassedOn),
    /// Make the interleavings happen in which caches keep a stale value, in well-known libraries
    Races,
    /// Format, lints, documentation and all tests
    Test {
        /// Run what takes long as well
        #[arg(long)]
        full: bool,
    },
}

impl Task {
    /// Does it. A task that is a program of its own takes this process's place.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Task::Up(passed) => become_program(&STACK, "local", &passed.arguments),
            Task::Edge(passed) => become_program(&STACK, "local-edge", &passed.arguments),
            Task::Replay(passed) => become_program(&STACK, "replay", &passed.arguments),
            Task::Trace(passed) => become_program(&STACK, "trace", &passed.arguments),
            Task::Top(passed) => become_program(&STACK, "top", &passed.arguments),
            Task::Sim(passed) => become_program(&["sim"], "sim", &passed.arguments),
            Task::Lab(passed) => become_program(&["lab"], "lab", &passed.arguments),
            Task::Costs { load } => costs::run(load.as_ref()),
            Task::OwnDomain => own_domain::run(),
            Task::DeployCheck => deploy::check(),
            Task::Template => template::lint(),
            Task::Publish(passed) => publish("publish", passed.arguments),
            Task::Purge(passed) => publish("purge", passed.arguments),
            Task::SignUrl(passed) => publish("sign-url", passed.arguments),
            Task::NewKey(passed) => publish("new-key", passed.arguments),
            Task::Bench(passed) => bench::run(&passed.arguments),
            Task::Races => bench::races(),
            Task::Test { full } => check::run(full),
        }
    }
}

/// Becomes the program of one of its commands.
fn publish(command: &str, arguments: Vec<String>) -> Result<(), Failure> {
    let arguments: Vec<_> = std::iter::once(command.to_owned()).chain(arguments).collect();
    become_program(&["publish"], "publish", &arguments)
}
