//! What a record takes in the store's memory, against a plain value.

use bytes::Bytes;
use cache::{Cache, Loaded, Lookup, Policy, Version};
use redis::aio::MultiplexedConnection;

use crate::process::engine;
use crate::records::{LIFE_MS, body, key};
use crate::report::{Row, Table};
use crate::server::Server;

/// The bodies' sizes in bytes.
const SIZES: [usize; 3] = [200, 1_000, 20_000];

/// Asks the server what each of them takes.
pub async fn measure() -> Result<Table, String> {
    let server = Server::start().await?;
    let mut asked = server.connect().await?;
    let cache = engine(&server)?;
    let policy = Policy::default();
    let as_is = Policy { compress_from: usize::MAX, ..policy.clone() };
    let mut table = Table::new(
        "Memory of a record",
        format!(
            "MEMORY USAGE in bytes, under the same key and with a time to live each (whose own entry it does not count), in the steps of the server's allocator; compressed from {} bytes on, a catalogue's JSON; {}.",
            policy.compress_from, server.version
        ),
        &["body", "plain SET", "record, not compressed", "record", "overhead, not compressed"],
    );
    for bytes in SIZES {
        let body = body(bytes);
        let key = key(bytes)?;
        let mut set = redis::cmd("SET");
        set.arg(key.as_str()).arg(&body[..]).arg("PX").arg(LIFE_MS);
        set.query_async::<()>(&mut asked).await.map_err(|error| error.to_string())?;
        let plain = used(&mut asked, key.as_str()).await?;
        let loaded = Loaded::Found { version: Version(1), body };
        let long = stored(&cache, &mut asked, &as_is, bytes, loaded.clone()).await?;
        let short = stored(&cache, &mut asked, &policy, bytes, loaded).await?;
        table.push(Row::new(format!("{bytes} bytes"), vec![plain, long, short, long - plain]));
    }
    let absent = stored(&cache, &mut asked, &policy, 0, Loaded::Absent).await?;
    table.push(Row::new("known to be absent", vec![f64::NAN, absent, absent, f64::NAN]));
    Ok(table)
}

/// What a key takes once the engine has filled it.
async fn stored(
    cache: &Cache,
    asked: &mut MultiplexedConnection,
    policy: &Policy,
    number: usize,
    loaded: Loaded,
) -> Result<f64, String> {
    let key = key(number)?;
    let mut delete = redis::cmd("DEL");
    delete.arg(key.as_str()).query_async::<()>(asked).await.map_err(|error| error.to_string())?;
    let answer = cache.get_or_load(Lookup::of(&key, policy), async || Ok(loaded)).await;
    let answer = answer.map_err(|error| error.to_string())?;
    let raw = redis::cmd("GET").arg(key.as_str()).query_async::<Option<Bytes>>(asked).await;
    raw.map_err(|error| error.to_string())?.ok_or_else(|| format!("nothing was stored: {answer:?}"))?;
    used(asked, key.as_str()).await
}

async fn used(asked: &mut MultiplexedConnection, key: &str) -> Result<f64, String> {
    let mut usage = redis::cmd("MEMORY");
    usage.arg("USAGE").arg(key).arg("SAMPLES").arg(0);
    usage.query_async::<f64>(asked).await.map_err(|error| error.to_string())
}
