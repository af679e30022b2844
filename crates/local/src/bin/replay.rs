//! Plays sample events through the real functions and shows what each did.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use local::heard::next;
use local::replay::{case, play};
use local_lambda::LogLine;
use tokio::sync::broadcast;

/// Plays sample events through the real functions, one at a time, and shows what each did
#[derive(Debug, Parser)]
#[command(name = "replay")]
struct Arguments {
    /// `<function>` or `<function>/<case>`; everything if left out
    which: Option<String>,
    /// Where the events are
    #[arg(long, default_value = "events")]
    events: PathBuf,
    /// Print what the functions write to standard error
    #[arg(long)]
    logs: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells whether every function answered.
async fn run(arguments: Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    let cases = case::select(case::load(&arguments.events)?, arguments.which.as_deref())?;
    let own = std::env::current_exe()?;
    let binaries = own.parent().unwrap_or(Path::new("."));
    let logs = broadcast::Sender::<LogLine>::new(4_096);
    if arguments.logs {
        let mut lines = logs.subscribe();
        tokio::spawn(async move {
            while let Some(line) = next(&mut lines).await {
                eprintln!("{} {}", line.function, line.line);
            }
        });
    }
    let (mut played, mut unanswered) = (0, 0);
    for case in &cases {
        let outcome = play(case, binaries, logs.clone()).await?;
        println!("{outcome}");
        played += 1;
        unanswered += usize::from(!outcome.answered());
    }
    println!("{played} played, {unanswered} without an answer");
    Ok(unanswered == 0)
}
