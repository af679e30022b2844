//! Real servers for tests: children of this process on free loopback ports, gone when they are dropped.

mod cluster;
mod forwarder;
mod gauge;
mod tls;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::{AsyncConnectionConfig, FromRedisValue};
use tempfile::TempDir;
use tokio::time::Instant;

pub use cluster::TestCluster;
pub use forwarder::Forwarder;
pub use gauge::calls;
pub use tls::Authority;

/// How long a server may take to reach a state.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until a condition holds, looking every few milliseconds; panics when it takes too long.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < DEADLINE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A port nobody listens on just now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A running server.
pub struct Server {
    pub port: u16,
    arguments: Vec<String>,
    child: Child,
    directory: TempDir,
}

impl Server {
    pub async fn start() -> Server {
        Server::with(|_| Vec::new()).await
    }

    /// A server with more settings, made from the directory it runs in.
    pub async fn with(settings: impl Fn(&TempDir) -> Vec<String>) -> Server {
        // Another program may take a port before the server does.
        for _ in 0..5 {
            let directory = tempfile::tempdir().unwrap();
            let (port, arguments) = (free_port(), settings(&directory));
            let child = spawn(port, &arguments, &directory);
            let mut server = Server { port, arguments, child, directory };
            if server.is_ready().await {
                return server;
            }
        }
        panic!("no server could be started");
    }

    async fn is_ready(&mut self) -> bool {
        let mut ended = false;
        // Two servers may be given one port. The other one would answer too, and this one is about to end.
        let own = format!("process_id:{}\r\n", self.child.id());
        until("the server answers or ends", async || {
            ended = self.child.try_wait().unwrap().is_some();
            let info = redis::cmd("INFO").arg("server").to_owned();
            ended || self.try_ask::<String>(&info).await.is_ok_and(|info| info.contains(&own))
        })
        .await;
        !ended
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub async fn try_ask<T: FromRedisValue>(&self, command: &redis::Cmd) -> redis::RedisResult<T> {
        // As patient as the tests are: the machine may be busy.
        let patient = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(DEADLINE))
            .set_response_timeout(Some(DEADLINE));
        let client = redis::Client::open(self.url())?;
        command.query_async(&mut client.get_multiplexed_async_connection_with_config(&patient).await?).await
    }

    /// Asks in words separated by spaces.
    pub async fn ask<T: FromRedisValue>(&self, words: &str) -> T {
        self.try_ask(&command(words)).await.unwrap_or_else(|error| panic!("{words}: {error}"))
    }

    pub async fn info(&self, section: &str) -> String {
        self.ask(&format!("INFO {section}")).await
    }

    /// Breaks every connection but the test's own.
    pub async fn hang_up(&self) {
        let _killed: u32 = self.ask("CLIENT KILL TYPE normal SKIPME yes").await;
    }

    /// Makes the server a replica, and waits until it has everything its primary had.
    pub async fn follow(&self, port: u16) {
        let _ok: String = self.ask(&format!("REPLICAOF 127.0.0.1 {port}")).await;
        until("the replica is up", async || self.info("replication").await.contains("master_link_status:up"))
            .await;
    }

    /// Stops the process where it stands: connections stay open, nothing answers.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts the server again after [`kill`](Server::kill), on the same port and in the same directory.
    pub async fn restart(&mut self) {
        self.child = spawn(self.port, &self.arguments, &self.directory);
        assert!(self.is_ready().await, "its port was taken");
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A command in words separated by spaces.
pub fn command(words: &str) -> redis::Cmd {
    let mut command = redis::Cmd::new();
    words.split(' ').for_each(|word| {
        command.arg(word);
    });
    command
}

fn spawn(port: u16, arguments: &[String], directory: &TempDir) -> Child {
    let binary = ["valkey-server", "redis-server"].into_iter().find(|name| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    });
    Command::new(binary.expect("valkey-server or redis-server on the PATH"))
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
        .args(["--daemonize", "no", "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"])
        .args(arguments)
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
