//! A client that caches on its side and is told by its server (redis-rs's client-side caching).
//!
//! The server's answer to the first read and its word that the key has changed travel on one connection, in this order. The wire
//! between them, a small proxy, holds back the answer until the word is there too, and lets both go in one piece, as a busy
//! network or a busy process does.

use std::net::TcpListener as Port;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use redis::caching::CacheConfig;
use redis::{AsyncCommands, AsyncConnectionConfig, Client};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::scene::Outcome;

/// What the table calls it.
pub const NAME: &str = "redis-rs 1.8.1: client-side caching; told by the server";

/// A server that ends with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Plays it against a real server.
pub async fn play() -> Result<Outcome, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let port = Port::bind("127.0.0.1:0").and_then(|free| free.local_addr()).map_err(|e| said(&e))?.port();
    let _server = start(port)?;
    let direct = format!("redis://127.0.0.1:{port}");
    let mut writer = connected(&direct).await?;
    let _: () = writer.set("key", 1).await.map_err(|e| said(&e))?;

    let wire = TcpListener::bind("127.0.0.1:0").await.map_err(|e| said(&e))?;
    let through = format!("redis://{}/?protocol=resp3", wire.local_addr().map_err(|e| said(&e))?);
    let (held, is_held) = oneshot::channel();
    tokio::spawn(hold(wire, port, held));
    let config = AsyncConnectionConfig::new().set_cache_config(CacheConfig::new()).set_response_timeout(None);
    let client = Client::open(through).map_err(|e| said(&e))?;
    let mut reader =
        client.get_multiplexed_async_connection_with_config(&config).await.map_err(|e| said(&e))?;
    let mut first = reader.clone();
    let first = tokio::spawn(async move { first.get::<_, u64>("key").await });
    is_held.await.map_err(|e| said(&e))?;
    // The answer, version 1, is on its way. Now the value changes, and the server says so.
    let _: () = writer.set("key", 2).await.map_err(|e| said(&e))?;
    let _began_before = first.await;
    let after = reader.get("key").await.map_err(|e| said(&e))?;
    Ok(Outcome { acknowledged: true, during: None, after })
}

fn start(port: u16) -> Result<Server, String> {
    for program in ["valkey-server", "redis-server"] {
        let mut command = Command::new(program);
        command.args([
            "--bind",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        if let Ok(child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
            return Ok(Server(child));
        }
    }
    Err("neither valkey-server nor redis-server is installed".to_owned())
}

async fn connected(url: &str) -> Result<redis::aio::MultiplexedConnection, String> {
    let client = Client::open(url).map_err(|error| error.to_string())?;
    let mut last = String::new();
    for _ in 0..500 {
        match client.get_multiplexed_async_connection().await {
            Ok(connection) => return Ok(connection),
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    Err(last)
}

/// Carries one connection. From the first `GET` on, what the server says is kept until it says `invalidate`.
async fn hold(wire: TcpListener, port: u16, held: oneshot::Sender<()>) -> std::io::Result<()> {
    let (mut client, _) = wire.accept().await?;
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let holding = AtomicBool::new(false);
    let up = async {
        let mut chunk = [0; 4_096];
        loop {
            let read = from_client.read(&mut chunk).await?;
            if read == 0 {
                return Ok::<(), std::io::Error>(());
            }
            let text = String::from_utf8_lossy(&chunk[..read]).into_owned();
            if text.contains("\r\nGET\r\n") {
                holding.store(true, Ordering::SeqCst);
            }
            to_server.write_all(&chunk[..read]).await?;
        }
    };
    let down = async {
        let (mut chunk, mut kept, mut held) = ([0; 4_096], Vec::new(), Some(held));
        loop {
            let read = from_server.read(&mut chunk).await?;
            if read == 0 {
                return Ok::<(), std::io::Error>(());
            }
            kept.extend_from_slice(&chunk[..read]);
            let told = String::from_utf8_lossy(&kept).contains("invalidate");
            if holding.load(Ordering::SeqCst) && !told && held.is_some() {
                held.take().map(|held| held.send(()));
                continue;
            }
            if !holding.load(Ordering::SeqCst) || told {
                to_client.write_all(&kept).await?;
                kept.clear();
                holding.store(false, Ordering::SeqCst);
            }
        }
    };
    tokio::try_join!(up, down).map(drop)
}
