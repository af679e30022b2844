//! A function under measurement: its process, and the host it asks for work.

use std::process::{Command, Stdio};

use local_lambda::Process;

use crate::host::Host;

/// How a function is started.
#[derive(Debug, Clone)]
pub struct Start {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Settings beyond those every function gets.
    pub env: Vec<(String, String)>,
}

impl Start {
    /// A program without arguments.
    pub fn new(program: impl Into<String>) -> Start {
        Start { command: vec![program.into()], env: Vec::new() }
    }

    /// With a setting.
    pub fn with(mut self, name: &str, value: &str) -> Start {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Under another program, such as a counting one.
    pub fn under(mut self, before: &[&str]) -> Start {
        self.command.splice(0..0, before.iter().map(|word| (*word).to_owned()));
        self
    }

    /// The command that runs it against a host and a cache, its output thrown away.
    pub fn command(&self, host: &Host, cache: &str) -> Result<Command, String> {
        let (program, arguments) = self.command.split_first().ok_or("there is no program")?;
        let address = host.address().map_err(|error| error.to_string())?.to_string();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "read-api"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "local"),
                ("AWS_SECRET_ACCESS_KEY", "local"),
                // A hit never asks it. Nothing listens there.
                ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9"),
                ("TABLE_NAME", "tidemark-products"),
                ("VALKEY_URL", cache),
                // A busy machine is no slow cache.
                ("CACHE_TIMEOUT_MS", "5000"),
                ("CACHE_SOFT_TIMEOUT_MS", "5000"),
            ])
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(command)
    }

    /// Starts it, without waiting for its first poll.
    pub async fn run(&self, cache: &str) -> Result<Function, String> {
        let host = Host::start().map_err(|error| error.to_string())?;
        let command = self.command(&host, cache)?;
        let process =
            Process::spawn(command).await.map_err(|error| format!("{}: {error}", self.command.join(" ")))?;
        Ok(Function { host, process })
    }
}

/// A started function; it ends when this is dropped.
pub struct Function {
    /// Where it asks for work.
    pub host: Host,
    /// Its process.
    pub process: Process,
}
