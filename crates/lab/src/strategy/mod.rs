//! The strategies: how each answers, who tells its cache of a change, how its edge is purged.
//!
//! All have the same edge, the same table, the same ways and the same history. The rivals are as their users build them, each
//! at its best: one load and one SET on a miss, strongly consistent loads where no fault says otherwise, the TTL that suits
//! what they know.

mod aside;
mod tidemark;

use async_trait::async_trait;
use cache::Storable;
use catalog::edge::Timing;
use serde::Serialize;

pub(crate) use aside::{CacheAside, Filling, JITTER};
pub(crate) use tidemark::Tidemark;

use crate::workload::Millis;

/// A way to cache.
#[derive(Debug, Clone, PartialEq)]
pub struct Strategy {
    /// What it is called on the command line and in tables.
    pub name: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
    pub(crate) api: Api,
    /// Whether a writer that goes through the API tells the cache.
    pub(crate) writer_tells: bool,
    /// Whether the stream's consumer does.
    pub(crate) stream_tells: bool,
    pub(crate) purges: Purges,
}

/// How the API answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Api {
    /// By the engine.
    Engine,
    /// From a plain cache with this TTL.
    Aside { ttl: Millis, filling: Filling },
}

/// How the edge is purged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Purges {
    /// Not at all.
    Never,
    /// For each change by itself, as soon as the stream tells of it.
    EachChange,
    /// Through bus, queue and planner; `usd`: what a month may cost beyond what is free, unlimited if `None`.
    Planned { timing: Timing, usd: Option<f64> },
}

/// What a level below the edge answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served {
    pub(crate) version: u64,
    pub(crate) storable: Storable,
    pub(crate) hit: bool,
}

/// The API and the cache behind it.
#[async_trait]
pub(crate) trait Origin: Send + Sync {
    /// Answers a read; `None`: with an error.
    async fn read(&self, item: usize, process: usize) -> Option<Served>;

    /// Tells the cache of a version; whether that was acknowledged.
    async fn invalidate(&self, item: usize, version: u64) -> bool;

    /// The cache forgets everything.
    async fn restart(&self);
}

/// As a table shows it: what is the same in all of them is left out.
#[derive(Debug, Clone, Serialize)]
pub struct Named {
    /// What it is called.
    pub name: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
}

impl From<&Strategy> for Named {
    fn from(strategy: &Strategy) -> Named {
        Named { name: strategy.name, what: strategy.what }
    }
}

const MINUTE: Millis = 60_000;
/// The engine's default, for rivals that hear of every change.
const TOLD_TTL: Millis = 10 * MINUTE;

/// What `EDGE_PURGE` and `MONTHLY_BUDGET_USD` are when nobody sets them.
const DEFAULT_USD: f64 = 10.0;

fn aside(ttl: Millis, filling: Filling) -> Api {
    Api::Aside { ttl, filling }
}

fn tidemark(name: &'static str, what: &'static str, purges: Purges) -> Strategy {
    Strategy { name, what, api: Api::Engine, writer_tells: true, stream_tells: true, purges }
}

/// Every strategy.
pub fn all() -> Vec<Strategy> {
    let planned = |timing, usd| Purges::Planned { timing, usd };
    let rival = |name, what, api, (writer_tells, stream_tells), purges| Strategy {
        name,
        what,
        api,
        writer_tells,
        stream_tells,
        purges,
    };
    vec![
        rival(
            "ttl-60",
            "TTL of 60 s in the cache, nothing is told",
            aside(MINUTE, Filling::Set),
            (false, false),
            Purges::Never,
        ),
        rival(
            "ttl-90",
            "TTL of 90 s in the cache, nothing is told",
            aside(90_000, Filling::Set),
            (false, false),
            Purges::Never,
        ),
        rival(
            "delete-on-write",
            "the writer deletes; TTL of 60 s for what others write",
            aside(MINUTE, Filling::Set),
            (true, false),
            Purges::Never,
        ),
        rival(
            "lease-only",
            "writer and stream delete, a fill needs the lease it was given; TTL of 10 min",
            aside(TOLD_TTL, Filling::Lease),
            (true, true),
            Purges::Never,
        ),
        rival(
            "event-driven",
            "the stream deletes; TTL of 10 min",
            aside(TOLD_TTL, Filling::Set),
            (false, true),
            Purges::Never,
        ),
        rival(
            "event-purge",
            "event-driven, and each change purges the edge at once, by itself",
            aside(TOLD_TTL, Filling::Set),
            (false, true),
            Purges::EachChange,
        ),
        tidemark("tidemark-ttl", "Tidemark, the edge left to its TTL", Purges::Never),
        tidemark("tidemark-prompt", "Tidemark, purge at once", planned(Timing::Prompt, None)),
        tidemark(
            "tidemark-double",
            "Tidemark, purge at once and after the fence delay",
            planned(Timing::Double, None),
        ),
        tidemark("tidemark-fenced", "Tidemark, purge after the fence delay", planned(Timing::Fenced, None)),
        tidemark(
            "tidemark-10-usd",
            "Tidemark, purge at once, within the default budget of $10 a month",
            planned(Timing::Prompt, Some(DEFAULT_USD)),
        ),
    ]
}

#[cfg(test)]
mod tests;
