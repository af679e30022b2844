//! Checks a world of any size: `cargo run --release -p model -- --readers 3 --writes 3 --deletes`.

use std::process::ExitCode;

use clap::Parser;
use model::{CacheModel, Scope, Variant, check_watched, trace};

/// Visits every state of a small world in which the cache protocol is spoken.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    scope: Scope,
    /// Which protocol: sound, or the name of a broken variant.
    #[arg(long, default_value = "sound", value_parser = Variant::parse)]
    variant: Variant,
    /// Threads. In more than one a counterexample need not be the shortest.
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

fn main() -> ExitCode {
    let Args { scope, variant, threads } = Args::parse();
    let model = CacheModel { scope, variant };
    let outcome =
        check_watched(model, threads, |states, depth| eprintln!("{states} states, depth {depth} …"));
    println!("{} states, depth {}, {:.1?}", outcome.states, outcome.depth, outcome.took);
    let Some(way) = &outcome.counterexample else {
        outcome.unseen.iter().for_each(|name| println!("never seen: {name}"));
        println!("holds");
        return ExitCode::SUCCESS;
    };
    print!("broken in {} steps:\n{}", way.len(), trace::narrate(model, way));
    ExitCode::FAILURE
}
