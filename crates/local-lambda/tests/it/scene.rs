//! What the tests are set with: the probe function, meetings with it, and its life signs.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use local_lambda::{FunctionConfig, Invoke, InvokeError};
use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// An example of this crate, which `cargo test` builds next to the tests.
pub fn example(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    assert!(path.exists(), "{} is missing: `cargo build -p local-lambda --examples`", path.display());
    path
}

pub fn probe() -> FunctionConfig {
    FunctionConfig {
        timeout: Duration::from_secs(60),
        ..FunctionConfig::new("probe", example("probe_function"))
    }
}

/// A test that waits for something that never comes should say so.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(30), future).await.expect("it should have happened by now")
}

pub async fn invoke(function: &dyn Invoke, payload: Value) -> Result<Value, InvokeError> {
    let answer = soon(function.invoke(Bytes::from(payload.to_string()))).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

/// A place where probes show up, and are held until released.
pub struct Meeting(TcpListener);

/// A probe that showed up.
pub struct Guest {
    pub pid: u32,
    connection: TcpStream,
}

impl Meeting {
    pub async fn open() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    pub async fn guest(&self) -> Guest {
        let (mut connection, _) = soon(self.0.accept()).await.unwrap();
        let pid = soon(connection.read_u32()).await.unwrap();
        Guest { pid, connection }
    }
}

impl Guest {
    pub async fn release(mut self) {
        self.connection.write_u8(1).await.unwrap();
    }

    /// Returns when the process has ended: only then does the kernel close its end.
    pub async fn gone(mut self) {
        let _ = soon(self.connection.read_to_end(&mut Vec::new())).await;
    }
}

/// The state letter of a process in /proc, `None` if there is no such process.
pub fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
}

/// Returns when the kernel has stopped the process.
pub async fn stopped(pid: u32) {
    reached(pid, WaitPidFlag::WSTOPPED).await.unwrap();
}

/// Returns when the process has ended.
pub async fn ended(pid: u32) {
    let _ = reached(pid, WaitPidFlag::WEXITED).await;
}

/// Returns when the process has ended and its entry is gone from the process table.
pub async fn reaped(pid: u32) {
    while reached(pid, WaitPidFlag::WEXITED).await != Err(Errno::ECHILD) {
        tokio::task::yield_now().await;
    }
}

async fn reached(pid: u32, event: WaitPidFlag) -> Result<(), Errno> {
    let id = Id::Pid(Pid::from_raw(pid.cast_signed()));
    let wait = move || waitid(id, event | WaitPidFlag::WNOWAIT).map(drop);
    soon(tokio::task::spawn_blocking(wait)).await.unwrap()
}
