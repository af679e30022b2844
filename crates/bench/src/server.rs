//! A real Valkey or Redis server for a measurement.

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use local_lambda::Process;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;

use crate::clock::now;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server; it ends when this is dropped.
pub struct Server {
    process: Process,
    /// `host:port`.
    pub address: String,
    /// The port of that.
    pub port: u16,
    /// What it calls itself.
    pub version: String,
}

impl Server {
    /// Starts one on a free port, in memory only, on the core this process is on.
    pub async fn start() -> Result<Server, String> {
        Server::with(&[]).await
    }

    /// One with more settings.
    pub async fn with(settings: &[&str]) -> Result<Server, String> {
        let program = ["valkey-server", "redis-server"].into_iter().find(|name| version(name).is_some());
        let program = program.ok_or("neither valkey-server nor redis-server is installed")?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .map_err(|e| e.to_string())?
            .port();
        let mut command = Command::new(program);
        command
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
            .args(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = Process::spawn(command).await.map_err(|error| format!("{program}: {error}"))?;
        let address = format!("127.0.0.1:{port}");
        let began = now();
        while TcpStream::connect(&address).is_err() {
            if began.elapsed() > PATIENCE {
                return Err(format!("{program} does not answer on port {port}"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let server = Server { process, address, port, version: version(program).unwrap_or_default() };
        // Somebody else may have taken the port since it was free.
        if server.number("server", "process_id").await? != f64::from(server.process.pid()) {
            return Err(format!("another server answers on port {port}"));
        }
        Ok(server)
    }

    /// A connection for what is asked besides the measurement; it waits as long as that takes.
    pub async fn connect(&self) -> Result<MultiplexedConnection, String> {
        let client = redis::Client::open(self.url()).map_err(|error| error.to_string())?;
        let patient = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(60)));
        let connected = client.get_multiplexed_async_connection_with_config(&patient).await;
        connected.map_err(|error| error.to_string())
    }

    /// A number of `INFO`, such as `used_memory`.
    pub async fn number(&self, section: &str, name: &str) -> Result<f64, String> {
        let asked = redis::cmd("INFO").arg(section).to_owned();
        let info = asked.query_async::<String>(&mut self.connect().await?).await;
        let info = info.map_err(|error| error.to_string())?;
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        let number = lines.find_map(|(known, value)| (known == name).then(|| value.trim().parse().ok()));
        number.flatten().ok_or_else(|| format!("the server does not tell its {name}"))
    }

    /// As `VALKEY_URL` has it.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
}

fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_whitespace().find_map(|word| word.strip_prefix("v=")).map(str::to_owned);
    Some(format!("{program} {}", number.unwrap_or(text)))
}
