//! The local stack under measurement, in processes of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use local_lambda::Process;
use serde::Deserialize;
use tempfile::TempDir;

use crate::resident::{children, resident};

/// How long the stack may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// What a stack is started from.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The stack's program.
    pub program: PathBuf,
    /// The folder with the functions.
    pub binaries: PathBuf,
}

/// Where the stack's parts listen: URLs on the loopback interface.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoints {
    /// Where viewers come in.
    pub edge: String,
    /// The HTTP API behind it.
    pub api: String,
    /// DynamoDB.
    pub dynamodb: String,
    /// The products' table there.
    pub table: String,
    /// Valkey or Redis.
    pub cache: String,
    /// What the stack tells of itself.
    pub observe: String,
}

/// A running stack; it ends when this is dropped, in order by [`Stack::stop`].
pub struct Stack {
    process: Process,
    /// Where its parts listen.
    pub endpoints: Endpoints,
    /// Where it runs: it leaves a file there, which must not take the place of another stack's.
    _folder: TempDir,
}

/// Resident memory in megabytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// All environments of `read-api` together.
    pub read_api: f64,
    /// How many these are.
    pub environments: f64,
    /// Valkey or Redis.
    pub cache: f64,
    /// The stack itself: gateway, edge, DynamoDB, queues.
    pub stack: f64,
}

impl Stack {
    /// Starts one on free ports; when this returns, everything answers.
    pub async fn start(parts: &Parts) -> Result<Stack, String> {
        let said = |error: std::io::Error| format!("{}: {error}", parts.program.display());
        let folder = tempfile::tempdir().map_err(said)?;
        let absolute = |path: &Path| std::path::absolute(path).map_err(said);
        let mut command = Command::new(absolute(&parts.program)?);
        command
            .args(["--json", "--port", "0", "--binaries"])
            .arg(absolute(&parts.binaries)?)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = Process::spawn(command).await.map_err(said)?;
        let mut line = String::new();
        if let Some(output) = process.take_stdout() {
            BufReader::new(output).read_line(&mut line).map_err(said)?;
        }
        // It has said on standard error why it did not start.
        let endpoints = serde_json::from_str(&line)
            .map_err(|_| format!("the local stack {} did not start", parts.program.display()))?;
        Ok(Stack { process, endpoints, _folder: folder })
    }

    /// What its processes hold now.
    pub fn memory(&self) -> Memory {
        let megabytes = |pid| resident(pid).unwrap_or(0) as f64 / 1e3;
        let mut memory = Memory { stack: megabytes(self.process.pid()), ..Memory::default() };
        for (pid, name) in children(self.process.pid()) {
            match name.as_str() {
                "read-api" => {
                    memory.environments += 1.0;
                    memory.read_api += megabytes(pid);
                }
                "valkey-server" | "redis-server" => memory.cache += megabytes(pid),
                _ => {}
            }
        }
        memory
    }

    /// Ends it and everything it has started.
    pub async fn stop(self) {
        self.process.stop(GRACE).await;
    }
}

/// The ids of the sample catalogue the stack begins with: 240 products.
pub fn products() -> Vec<String> {
    let categories = ["boots", "shoes", "jackets", "tents", "stoves", "lamps", "bottles", "maps"];
    (1..=30).flat_map(|number| categories.map(|category| format!("{category}-{number:03}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_stack_prints_is_understood() {
        let line = r#"{"edge":"http://a","api":"http://b","dynamodb":"http://c","cloudfront":"","cache":"redis://d",
            "table":"t","distribution":"","invoke":"","sqs":"","events":"","failure_queue":"","observe":"http://e"}"#;
        let endpoints: Endpoints = serde_json::from_str(line).unwrap();
        assert_eq!((endpoints.edge.as_str(), endpoints.observe.as_str()), ("http://a", "http://e"));
        assert_eq!((products().len(), products()[0].as_str()), (240, "boots-001"));
    }
}
