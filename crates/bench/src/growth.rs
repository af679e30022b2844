//! Growth: whether a hit or an invalidation costs more where there are more items, or larger ones.

use std::time::Duration;

use cache::{Answer, Cache, GetError, Invalidated, LoadError, Loaded, Lookup, Policy, Provenance, Version};
use redis::aio::MultiplexedConnection;

use crate::clock::now;
use crate::process::{PATIENCE, engine, policy};
use crate::records::{body, fill, key, live};
use crate::report::{Row, Table};
use crate::samples::{Samples, median};
use crate::server::Server;

/// The body's size in bytes where the number of items grows.
const SMALL: usize = 200;
/// The bodies' sizes in bytes.
const SIZES: [usize; 4] = [200, 2_000, 20_000, 200_000];
/// How many items of each size are read, and as many others invalidated: few enough for the memory of a process.
const OF_A_SIZE: usize = 20;

/// One way to ask: in rounds, of which each has a median.
#[derive(Debug, Clone, Default)]
struct Times {
    medians: Vec<f64>,
    all: Samples,
}

impl Times {
    fn round(&mut self, samples: &[Duration]) {
        let mut round = Samples::default();
        for time in samples {
            round.push(*time);
            self.all.push(*time);
        }
        self.medians.push(round.quantile(0.5));
    }

    fn p50(&self) -> f64 {
        median(&self.medians)
    }
}

/// Both tables; up to a million items where it may take `long`.
pub async fn measure(rounds: usize, long: bool) -> Result<Vec<Table>, String> {
    let counts: &[usize] = if long { &[1_000, 100_000, 1_000_000] } else { &[1_000, 100_000] };
    Ok(vec![items(counts, rounds).await?, bodies(rounds).await?])
}

/// One server, one engine and so many items.
struct Place {
    count: usize,
    cache: Cache,
    server: Server,
    hits: Times,
    told: Times,
}

async fn items(counts: &[usize], rounds: usize) -> Result<Table, String> {
    const EACH: usize = 500;
    let policy = policy();
    let mut places = Vec::new();
    for count in counts {
        let server = Server::start().await?;
        fill(&mut server.connect().await?, *count, &live(body(SMALL))).await?;
        let cache = engine(&server)?;
        hit(&cache, &policy, 0).await?;
        let (hits, told) = Default::default();
        places.push(Place { count: *count, cache, server, hits, told });
    }
    let mut rng = fastrand::Rng::with_seed(1);
    for round in 0..rounds {
        for turn in 0..places.len() {
            let place = (round + turn) % counts.len();
            let Place { count, cache, hits, told, .. } = &mut places[place];
            let (mut read, mut invalidated) = (Vec::new(), Vec::new());
            for number in 0..EACH {
                // What is told of a change answers no more: it is the other half.
                let half = *count / 2;
                read.push(hit(cache, &policy, rng.usize(..half)).await?);
                let version = Version((2 + round * EACH + number) as u64);
                invalidated.push(tell(cache, half + rng.usize(..half), version).await?);
            }
            hits.round(&read);
            told.round(&invalidated);
        }
    }
    let version = places.first().map_or("", |place| place.server.version.as_str());
    let mut table = Table::new(
        "Growth in items",
        format!(
            "The engine and a server for each row, everything on one core; one at a time, keys at random; medians of {rounds} rounds of {EACH}, interleaved; bodies of {SMALL} bytes; {version}."
        ),
        &["items", "hit p50 µs", "hit p99 µs", "invalidation p50 µs", "invalidation p99 µs", "store MB"],
    );
    for Place { count, server, hits, told, .. } in &places {
        let used = server.number("memory", "used_memory").await? / 1e6;
        let numbers = vec![hits.p50(), hits.all.quantile(0.99), told.p50(), told.all.quantile(0.99), used];
        table.push(Row::new(count.to_string(), numbers));
    }
    Ok(table)
}

async fn bodies(rounds: usize) -> Result<Table, String> {
    const EACH: usize = 200;
    let server = Server::start().await?;
    let mut plain = server.connect().await?;
    let (far, near) = (engine(&server)?, engine(&server)?);
    let from_store = Policy { local_from: usize::MAX, ..policy() };
    let in_memory = Policy { local_from: 1, ..policy() };
    for (group, size) in SIZES.iter().enumerate() {
        for number in 0..2 * OF_A_SIZE {
            let key = key(group * 1_000 + number)?;
            let loaded = Loaded::Found { version: Version(1), body: body(*size) };
            let answer = far.get_or_load(Lookup::of(&key, &from_store), async || Ok(loaded)).await;
            answer.map_err(|error| error.to_string())?;
            hit(&near, &in_memory, group * 1_000 + number).await?;
        }
        let mut set = redis::cmd("SET");
        set.arg(format!("plain:{size}")).arg(&body(*size)[..]);
        set.query_async::<()>(&mut plain).await.map_err(|error| error.to_string())?;
    }
    let mut times = vec![[(); 4].map(|()| Times::default()); SIZES.len()];
    for round in 0..rounds {
        for turn in 0..SIZES.len() {
            let group = (round + turn) % SIZES.len();
            let mut samples = [(); 4].map(|()| Vec::new());
            for number in 0..EACH {
                let item = group * 1_000 + number % OF_A_SIZE;
                let version = Version((2 + round * EACH + number) as u64);
                samples[0].push(get(&mut plain, SIZES[group]).await?);
                samples[1].push(hit(&far, &from_store, item).await?);
                samples[2].push(hit(&near, &in_memory, item).await?);
                samples[3].push(tell(&far, item + OF_A_SIZE, version).await?);
            }
            for (times, samples) in times[group].iter_mut().zip(&samples) {
                times.round(samples);
            }
        }
    }
    let mut table = Table::new(
        "Growth in bodies",
        format!(
            "The engine and a server on one core; one at a time, in turn; medians of {rounds} rounds of {EACH}; bodies are a catalogue's JSON, which the engine keeps compressed from {} bytes on; {}.",
            from_store.compress_from, server.version
        ),
        &[
            "body",
            "hit p50 µs",
            "hit in memory, head asked p50 µs",
            "invalidation p50 µs",
            "plain GET p50 µs",
        ],
    );
    for (size, [plain, far, near, told]) in SIZES.iter().zip(&times) {
        table.push(Row::new(format!("{size} bytes"), vec![far.p50(), near.p50(), told.p50(), plain.p50()]));
    }
    Ok(table)
}

/// How long a hit takes; an error if it is none.
async fn hit(cache: &Cache, policy: &Policy, item: usize) -> Result<Duration, String> {
    let key = key(item)?;
    let began = now();
    let never = async || Err(LoadError::Unavailable("nothing is loaded here".to_owned()));
    let answer: Result<Answer, GetError> = cache.get_or_load(Lookup::of(&key, policy), never).await;
    let time = began.elapsed();
    match answer.map_err(|error| error.to_string())?.provenance {
        Provenance::Hit(_) | Provenance::LocalHit { .. } => Ok(time),
        other => Err(format!("no hit: {other:?}")),
    }
}

/// How long it takes to tell an item of a version; an error if there is no such item.
async fn tell(cache: &Cache, item: usize, version: Version) -> Result<Duration, String> {
    let key = key(item)?;
    let began = now();
    let told = cache.raise_floor(&key, version, PATIENCE).await;
    let time = began.elapsed();
    match told.map_err(|error| error.to_string())? {
        Invalidated::Raised => Ok(time),
        other => Err(format!("no floor was raised: {other:?}")),
    }
}

async fn get(plain: &mut MultiplexedConnection, size: usize) -> Result<Duration, String> {
    let key = format!("plain:{size}");
    let began = now();
    let body = redis::cmd("GET").arg(key).query_async::<bytes::Bytes>(plain).await;
    let time = began.elapsed();
    let length = body.map_err(|error| error.to_string())?.len();
    if length == size { Ok(time) } else { Err(format!("{length} bytes instead of {size}")) }
}
