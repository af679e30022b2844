//! The emulator and the cache: child processes that end with this one's work, whatever becomes of it.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::{STACK, aws, log};
use crate::command::Failure;
use crate::tools::on_path;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// How many looks a start or an end may take: 60 seconds.
const LOOKS: u32 = 600;

/// A server with all the processes it starts.
pub struct Server {
    child: Child,
    name: &'static str,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
}

impl Server {
    /// A Valkey or Redis server, whose user for the functions may do what `access` says, with any password.
    pub fn cache(folder: &Path, access: &str) -> Result<Server, Failure> {
        let port = free_port()?;
        let program = if on_path("valkey-server") { "valkey-server" } else { "redis-server" };
        let mut command = Command::new(program);
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"]);
        command.arg(port.to_string()).args(["--user", STACK, "nopass"]).args(access.split_whitespace());
        command.current_dir(folder);
        Server::start(command, "cache", folder, port)
    }

    /// The emulator, with a cache for what it deploys as one.
    pub fn emulator(programs: &Path, folder: &Path, cache: u16) -> Result<Server, Failure> {
        let port = free_port()?;
        let mut command = Command::new(programs.join("ministack"));
        // What the functions inherit leads back to it.
        aws(&mut command, &format!("http://127.0.0.1:{port}"));
        command
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("REDIS_HOST", "127.0.0.1")
            .env("REDIS_PORT", cache.to_string())
            .current_dir(folder);
        Server::start(command, "emulator", folder, port)
    }

    fn start(mut command: Command, name: &'static str, folder: &Path, port: u16) -> Result<Server, Failure> {
        let output = log(folder, &format!("{name}.log"))?;
        let errors = output.try_clone().map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
        let child = command.spawn().map_err(|error| format!("the {name} cannot be started: {error}"))?;
        let mut server = Server { child, name, port };
        for _ in 0..LOOKS {
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("the {name} ended with {status}: see {}", folder.display()));
            }
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(server);
            }
            sleep(PAUSE);
        }
        Err(format!("the {name} does not listen after a minute: see {}", folder.display()))
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it, and makes sure that none of its processes is left.
    pub fn stop(mut self) -> Result<(), Failure> {
        self.signal("TERM");
        for _ in 0..LOOKS {
            let _reaped = self.child.try_wait();
            if !self.signal("0") {
                return Ok(());
            }
            sleep(PAUSE);
        }
        Err(format!("the {} or something it has started does not end", self.name))
    }

    /// Sends a signal to all its processes; whether there were any.
    fn signal(&self, signal: &str) -> bool {
        let group = format!("-{}", self.child.id());
        let mut kill = Command::new("kill");
        kill.args(["-s", signal, "--", &group]).stderr(Stdio::null());
        kill.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.signal("KILL") {
            let _status = self.child.wait();
        }
    }
}

/// A port that nobody listens at.
fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| format!("no port is free: {error}"))
}
