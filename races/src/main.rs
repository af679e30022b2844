//! Interleavings in which a cache keeps a stale value, made to happen in well-known libraries.
//!
//! - [`scene`]: a load is held while the value behind it changes and the cache is told
//! - [`subjects`]: the libraries, each used as its documentation shows
//! - [`tracking`]: the same for a client that is told by its server, with a real server behind a wire that is held
//!
//! Prints a table; run by `cargo xtask races`. Nothing here is timed, and nothing is left to luck: each step waits for the
//! one before it.

use std::process::ExitCode;

mod scene;
mod subjects;
mod tracking;

use scene::{Outcome, play};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    println!(
        "A reader loads version 1. While its load is held, version 2 is written and the key is invalidated; a second reader"
    );
    println!("begins; then the load is let go, and a third reader asks.\n");
    println!("| cache | invalidation | a read that began after it | a read when all is over |");
    println!("|---|---|---|---|");
    for subject in subjects::all() {
        let (name, outcome) = (subject.name(), play(subject).await);
        show(name, &outcome);
    }
    match tracking::play().await {
        Ok(outcome) => show(tracking::NAME, &outcome),
        Err(reason) => println!("| {} | not tried: {reason} | | |", tracking::NAME),
    }
    ExitCode::SUCCESS
}

fn show(name: &str, outcome: &Outcome) {
    let acknowledged = if outcome.acknowledged { "acknowledged at once" } else { "waits for the load" };
    let said = |version: Option<u64>| match version {
        Some(1) => "**1, stale**".to_owned(),
        Some(version) => version.to_string(),
        None => "–".to_owned(),
    };
    println!("| {name} | {acknowledged} | {} | {} |", said(outcome.during), said(Some(outcome.after)));
}
