//! `cargo xtask lab`: the staleness lab.

use std::process::ExitCode;

use clap::Parser;

mod arguments;
mod modes;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match (arguments.reads, &arguments.real) {
        (Some(reads), _) => modes::put_to(&arguments, reads),
        (None, Some(endpoints)) => modes::confirm(&arguments, endpoints),
        (None, None) => modes::compare(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
