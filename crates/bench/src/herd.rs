//! The herd: very many readers ask for one cold key at one moment.
//!
//! Each process of a function is an engine (or a plain client) with a connection of its own. They share one thread, so what
//! they wait for is mostly each other's turn; what a strategy is worth shows in how often the source was asked, and in
//! what becomes of a source that cannot serve so many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cache::{Cache, Content, Key, Loaded, Lookup, Policy, Version};
use redis::aio::MultiplexedConnection;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;

use crate::clock::now;
use crate::process::{engine, policy};
use crate::records::{LIFE_MS, body, key};
use crate::report::{Row, Table};
use crate::samples::{Samples, median};
use crate::server::Server;

/// How many processes ask.
const PROCESSES: usize = 100;
/// How many requests each of them has at once.
const READERS: usize = 100;
/// How long one load takes.
const LOAD: Duration = Duration::from_millis(20);
/// How many of them at once make 3,000 a second: what DynamoDB serves of strong reads from one partition.
const AT_ONCE: usize = 60;
/// The body's size in bytes.
const BYTES: usize = 1_000;

/// The source of what is read; it counts, and lets those wait that are too many.
struct Source {
    loads: AtomicU64,
    turns: Semaphore,
    body: Bytes,
}

impl Source {
    fn new(at_once: usize) -> Source {
        Source { loads: AtomicU64::new(0), turns: Semaphore::new(at_once), body: body(BYTES) }
    }

    async fn load(&self) -> Bytes {
        self.loads.fetch_add(1, Ordering::Relaxed);
        let _turn = self.turns.acquire().await;
        tokio::time::sleep(LOAD).await;
        self.body.clone()
    }
}

/// One process's way to read.
#[async_trait]
trait Reader: Send + Sync {
    async fn read(&self, key: &Key, source: &Source) -> Result<Bytes, String>;
}

/// The engine.
struct Tidemark(Cache, Policy);

#[async_trait]
impl Reader for Tidemark {
    async fn read(&self, key: &Key, source: &Source) -> Result<Bytes, String> {
        let load = async || Ok(Loaded::Found { version: Version(1), body: source.load().await });
        let answer = self.0.get_or_load(Lookup::of(key, &self.1), load).await;
        match answer.map_err(|error| error.to_string())?.content {
            Content::Live { body, .. } => Ok(body),
            Content::Absent => Err("what is there was not found".to_owned()),
        }
    }
}

/// Cache-aside as it is usually written: get, load, set.
#[derive(Clone)]
struct Aside(MultiplexedConnection);

#[async_trait]
impl Reader for Aside {
    async fn read(&self, key: &Key, source: &Source) -> Result<Bytes, String> {
        let mut store = self.0.clone();
        let kept = redis::cmd("GET").arg(key.as_str()).query_async::<Option<Bytes>>(&mut store).await;
        if let Some(body) = kept.map_err(|error| error.to_string())? {
            return Ok(body);
        }
        let body = source.load().await;
        let mut set = redis::cmd("SET");
        set.arg(key.as_str()).arg(&body[..]).arg("PX").arg(LIFE_MS);
        set.query_async::<()>(&mut store).await.map_err(|error| error.to_string())?;
        Ok(body)
    }
}

/// The same, each process asking once for all its readers, who are then answered from its memory.
struct AsideOnce(Aside, OnceCell<Bytes>);

#[async_trait]
impl Reader for AsideOnce {
    async fn read(&self, key: &Key, source: &Source) -> Result<Bytes, String> {
        self.1.get_or_try_init(|| self.0.read(key, source)).await.cloned()
    }
}

/// What is compared.
const STRATEGIES: [&str; 3] =
    ["Tidemark", "cache-aside: get, load, set", "cache-aside, one load at a time in each process"];

/// Lets each herd loose, in turn, so many times: on a source that serves everybody at once, and on one that cannot.
pub async fn measure(rounds: usize) -> Result<Vec<Table>, String> {
    let server = Server::start().await?;
    let mut engines = Vec::new();
    let mut clients = Vec::new();
    for _ in 0..PROCESSES {
        engines.push(Arc::new(Tidemark(engine(&server)?, policy())));
        clients.push(Aside(server.connect().await?));
    }
    for engine in &engines {
        engine.read(&key(0)?, &Source::new(1)).await?;
    }
    let mut tables = Vec::new();
    let boundless = format!("a load takes {} ms, however many there are", LOAD.as_millis());
    let bounded = format!("a load takes {} ms, {AT_ONCE} of them at once", LOAD.as_millis());
    let sources = [
        ("Herd", boundless, Semaphore::MAX_PERMITS, rounds),
        // Seconds for one strategy, each time.
        ("Herd on a source with limits", bounded, AT_ONCE, rounds.div_ceil(2)),
    ];
    for (title, source, at_once, rounds) in sources {
        let mut herds = vec![Vec::new(); STRATEGIES.len()];
        for round in 0..rounds {
            for turn in 0..STRATEGIES.len() {
                let strategy = (round + turn) % STRATEGIES.len();
                let readers: Vec<Arc<dyn Reader>> = match strategy {
                    0 => engines.iter().map(|engine| engine.clone() as Arc<dyn Reader>).collect(),
                    1 => clients.iter().map(|client| Arc::new(client.clone()) as Arc<dyn Reader>).collect(),
                    _ => {
                        let once = |client: &Aside| AsideOnce(client.clone(), OnceCell::new());
                        clients.iter().map(|client| Arc::new(once(client)) as Arc<dyn Reader>).collect()
                    }
                };
                // No two herds want the same.
                let wanted = key(1 + at_once % 1_000 * 1_000 + round * STRATEGIES.len() + strategy)?;
                herds[strategy].push(herd(&server, &readers, wanted, Source::new(at_once)).await?);
            }
        }
        let how = format!(
            "{} readers of one cold key at one moment: {PROCESSES} processes with {READERS} readers and a connection each, all of them and the server on one core; {source}; body of {BYTES} bytes; medians of {rounds} herds; {}.",
            PROCESSES * READERS,
            server.version
        );
        let columns =
            ["strategy", "loads", "store commands", "all answered ms", "p50 wait ms", "p99 wait ms"];
        let mut table = Table::new(title, how, &columns);
        for (name, herds) in STRATEGIES.iter().zip(&herds) {
            let of =
                |place: usize| median(&herds.iter().map(|herd: &[f64; 5]| herd[place]).collect::<Vec<_>>());
            table.push(Row::new(*name, (0..5).map(of).collect()));
        }
        tables.push(table);
    }
    Ok(tables)
}

/// One herd: loads, commands, milliseconds until all were answered, and those that half and 99 of 100 waited.
async fn herd(
    server: &Server,
    readers: &[Arc<dyn Reader>],
    key: Key,
    source: Source,
) -> Result<[f64; 5], String> {
    let source = Arc::new(source);
    let before = server.number("stats", "total_commands_processed").await?;
    let mut asking = JoinSet::new();
    let began = now();
    for _ in 0..READERS {
        for reader in readers {
            let (reader, source, key) = (reader.clone(), source.clone(), key.clone());
            asking.spawn(async move {
                let body = reader.read(&key, &source).await?;
                if body == source.body { Ok(began.elapsed()) } else { Err("another body".to_owned()) }
            });
        }
    }
    let mut waits = Samples::default();
    while let Some(answered) = asking.join_next().await {
        waits.push(answered.map_err(|error| error.to_string())??);
    }
    let commands = server.number("stats", "total_commands_processed").await? - before;
    let loads = source.loads.load(Ordering::Relaxed) as f64;
    let wait = |share| waits.quantile(share) / 1_000.0;
    Ok([loads, commands, wait(1.0), wait(0.5), wait(0.99)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that asks the source every time.
    struct Never;

    #[async_trait]
    impl Reader for Never {
        async fn read(&self, _: &Key, source: &Source) -> Result<Bytes, String> {
            Ok(source.load().await)
        }
    }

    #[tokio::test]
    async fn every_reader_is_counted_and_every_load() {
        let server = Server::start().await.unwrap();
        let readers: Vec<Arc<dyn Reader>> = vec![Arc::new(Never), Arc::new(Never)];
        let [loads, _, all, half, most] =
            herd(&server, &readers, key(1).unwrap(), Source::new(100)).await.unwrap();
        assert_eq!(loads, 200.0);
        assert!(half >= 20.0 && most >= half && all >= most && all >= 40.0, "{half} {most} {all}");
    }
}
