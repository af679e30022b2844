//! From a process's start to its first poll and its first answer, its memory then, and its size.

use std::path::Path;

use crate::clock::now;
use crate::function::Start;
use crate::hit::{answered, event};
use crate::report::{Row, Table};
use crate::resident::resident;
use crate::samples::Samples;
use crate::seed::{PRESENT, seed};
use crate::server::Server;

/// What is started.
pub struct Cold {
    /// What the table calls it.
    pub name: &'static str,
    /// How.
    pub start: Start,
    /// Whether it answers reads; the others are measured to their first poll.
    pub reads: bool,
    /// Its size in bytes, if it is one file.
    pub size: Option<u64>,
}

/// Everything that is compared.
pub fn starts(binaries: &Path, python: Option<&Path>) -> Vec<Cold> {
    let one = |name: &'static str, reads| {
        let path = binaries.join(name);
        let size = path.metadata().ok().map(|file| file.len());
        Cold { name, start: with_everything(Start::new(path.to_string_lossy())), reads, size }
    };
    let mut starts = vec![
        one("floor", true),
        one("read-api", true),
        one("write-api", false),
        one("stream-invalidator", false),
        one("edge-invalidator", false),
        one("consistency-auditor", false),
        one("plain", true),
    ];
    starts.retain(|cold| cold.size.is_some());
    if let Some(python) = python {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/rival.py");
        let mut start = Start::new(python.to_string_lossy());
        start.command.extend([script.to_owned(), "boto3".to_owned()]);
        starts.push(Cold { name: "Python, redis and boto3", start, reads: true, size: None });
    }
    starts
}

/// Whatever any function requires.
fn with_everything(start: Start) -> Start {
    start
        .with("EVENT_BUS_NAME", "tidemark")
        .with("DISTRIBUTION_ID", "E2TIDEMARKLOCAL")
        .with("CONTROL_TABLE_NAME", "tidemark-control")
        .with("EDGE_QUEUE_URL", "http://127.0.0.1:9/000000000000/edge")
        .with("FAILURE_QUEUE_URL", "http://127.0.0.1:9/000000000000/failures")
        .with("AUDIT_QUEUE_URL", "http://127.0.0.1:9/000000000000/audit")
        .with("EDGE_URL", "http://127.0.0.1:9")
        .with("API_URL", "http://127.0.0.1:9")
}

/// Starts each so often, in turn.
pub async fn measure(starts: &[Cold], times: usize) -> Result<Table, String> {
    let server = Server::start().await?;
    seed(&server, 1_000).await?;
    let event = event(PRESENT, &[]);
    let mut polls = vec![Samples::default(); starts.len()];
    let mut answers = vec![Samples::default(); starts.len()];
    let mut memory = vec![0_u64; starts.len()];
    for _ in 0..times {
        for (place, cold) in starts.iter().enumerate() {
            let said = |error: std::io::Error| format!("{}: {error}", cold.name);
            let began = now();
            let mut function = cold.start.run(&server.url()).await?;
            function.host.first_poll().map_err(said)?;
            polls[place].push(began.elapsed());
            if cold.reads {
                let (_, answer) = function.host.invoke(&event).map_err(said)?;
                answers[place].push(began.elapsed());
                answered(200, &answer).map_err(|error| format!("{}: {error}", cold.name))?;
            }
            memory[place] = memory[place].max(resident(function.process.pid()).unwrap_or(0));
            // Its end must not take the time of the next one's start.
            drop(function.host);
            function.process.ended().await;
        }
    }
    let mut table = Table::new(
        "Cold start",
        format!(
            "{times} starts of each, in turn, everything on one core; resident memory after the first answer; the process only, without Lambda's own part."
        ),
        &["function", "first poll ms", "first answer ms", "resident MB", "binary MB"],
    );
    for (place, cold) in starts.iter().enumerate() {
        let answer = if cold.reads { answers[place].quantile(0.5) / 1_000.0 } else { f64::NAN };
        let size = cold.size.map_or(f64::NAN, |bytes| bytes as f64 / 1e6);
        let resident = memory[place] as f64 / 1e3;
        table.push(Row::new(cold.name, vec![polls[place].quantile(0.5) / 1_000.0, answer, resident, size]));
    }
    Ok(table)
}
