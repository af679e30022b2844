//! A real Valkey or Redis server, from PATH, or installed by the system's package manager where that is allowed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use local_lambda::Process;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::server::listen;
use crate::stack::StartError;

/// Servers that will do, best first.
const SERVERS: [&str; 2] = ["valkey-server", "redis-server"];
/// How long a server may take until it accepts connections.
const PATIENCE: Duration = Duration::from_secs(10);
/// Attempts at a free port: another program may take it before the server does.
const ATTEMPTS: usize = 3;

/// A running server; it ends when this is dropped.
pub struct Valkey {
    process: Process,
    port: u16,
    _directory: TempDir,
}

impl Valkey {
    /// Starts a server on a free port, in memory only. Installs one if there is none and this may do so.
    pub async fn start() -> Result<Valkey, StartError> {
        let binary = match find() {
            Some(binary) => binary,
            None => install()?,
        };
        let mut last = StartError::Part { what: "the cache", reason: "no attempt was made".to_owned() };
        for _ in 0..ATTEMPTS {
            let free = listen("the cache", 0).await?.local_addr().map(|address| address.port());
            match Valkey::start_on(&binary, free.map_err(|error| failed(error.to_string()))?).await {
                Ok(valkey) => return Ok(valkey),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn start_on(binary: &Path, port: u16) -> Result<Valkey, StartError> {
        let directory = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
        let mut command = Command::new(binary);
        command
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
            // The page shows floors as they rise.
            .args(["--notify-keyspace-events", "K$"])
            .args(["--daemonize", "no", "--maxclients", "1000", "--dir"])
            .arg(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = Process::spawn(command).await.map_err(|error| failed(error.to_string()))?;
        let output = process.take_stdout().ok_or_else(|| failed("its output cannot be read".to_owned()))?;
        let mut lines = BufReader::new(
            tokio::process::ChildStdout::from_std(output).map_err(|error| failed(error.to_string()))?,
        )
        .lines();
        let ready = async {
            let mut last = String::new();
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("Ready to accept connections") {
                    return Ok(());
                }
                last = line;
            }
            Err(failed(format!("it ended at once: {last}")))
        };
        tokio::time::timeout(PATIENCE, ready)
            .await
            .unwrap_or_else(|_| Err(failed(format!("it was not ready within {PATIENCE:?}"))))?;
        // A full pipe would stop the server.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Valkey { process, port, _directory: directory })
    }

    /// `redis://host:port`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Stops the server where it stands: connections stay open, nothing answers.
    pub fn stall(&self) {
        self.process.freeze();
    }

    /// Lets a stalled server go on.
    pub fn resume(&self) {
        self.process.thaw();
    }

    /// Ends the server.
    pub async fn kill(&self) {
        self.process.kill();
        self.process.ended().await;
    }

    /// Starts an empty server on the same port, after [`Valkey::kill`].
    pub async fn restart(&mut self) -> Result<(), StartError> {
        self.kill().await;
        let binary = find().ok_or_else(missing)?;
        *self = Valkey::start_on(&binary, self.port).await?;
        Ok(())
    }
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let candidates = SERVERS.iter().flat_map(|server| folders.iter().map(move |folder| folder.join(server)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

/// Package managers and what they call a server.
const MANAGERS: [(&str, &[&[&str]]); 4] = [
    ("apt-get", &[&["update", "-qq"], &["install", "-y", "-qq", "--no-install-recommends", "redis-server"]]),
    ("dnf", &[&["install", "-y", "-q", "valkey"]]),
    ("apk", &[&["add", "--quiet", "valkey"]]),
    ("pacman", &[&["-Sy", "--noconfirm", "--quiet", "valkey"]]),
];

fn install() -> Result<PathBuf, StartError> {
    if !nix::unistd::geteuid().is_root() {
        return Err(missing());
    }
    eprintln!("no valkey-server or redis-server found: installing one");
    for (manager, steps) in MANAGERS {
        let run = |step: &&[&str]| {
            let mut command = Command::new(manager);
            command.args(*step).env("DEBIAN_FRONTEND", "noninteractive");
            // The package would start a server of its own; this keeps it from doing so.
            command.env("RUNLEVEL", "1").stdin(Stdio::null()).stdout(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        if steps.iter().all(run) {
            return find().ok_or_else(missing);
        }
    }
    Err(missing())
}

fn missing() -> StartError {
    let command = if Path::new("/usr/bin/apt-get").exists() {
        "apt-get install redis-server"
    } else {
        "dnf install valkey"
    };
    failed(format!(
        "there is no valkey-server or redis-server: run `{command}` as root, or put one on the PATH"
    ))
}

fn failed(reason: String) -> StartError {
    StartError::Part { what: "the cache", reason }
}
