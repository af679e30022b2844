//! A seed becomes the parameters of one schedule.
//!
//! Short and long times are mixed on purpose: leases that run out during a load and leases that never do, time-outs that
//! strike and requests that take for ever, bodies that fit and bodies that do not.

use std::time::Duration;

use cache::Policy;

use crate::chance::Chance;

/// How long the index behind the list may lag.
pub(crate) const INDEX_LAG: Duration = Duration::from_millis(200);

/// The parameters of one schedule.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// How many items there are.
    pub(crate) items: usize,
    /// How many processes read and write.
    pub(crate) processes: usize,
    /// How many tasks read in each process.
    pub(crate) readers: usize,
    /// How many reads each of them does.
    pub(crate) reads: u64,
    /// How many tasks write.
    pub(crate) writers: usize,
    /// How many writes each of them does.
    pub(crate) writes: u64,
    /// How often the store forgets something.
    pub(crate) losses: u64,
    /// How often a process freezes.
    pub(crate) freezes: u64,
    /// Of a hundred messages, how many are lost on either way.
    pub(crate) lost: u64,
    /// Of a hundred loads, how many fail.
    pub(crate) failing: u64,
    /// The longest one-way delay of a message, in milliseconds.
    pub(crate) delay: u64,
    /// The longest way of a load, in milliseconds; longer than some leases.
    pub(crate) load_delay: u64,
    /// The longest pause between two things one actor does, in milliseconds.
    pub(crate) pause: u64,
    /// How large a body may be, in bytes.
    pub(crate) body: u64,
    /// How everything is cached.
    pub(crate) policy: Policy,
}

impl Plan {
    pub(crate) fn draw(chance: &Chance) -> Plan {
        let span = |all: &[u64]| Duration::from_millis(*chance.one_of(all));
        let endless = chance.percent(50);
        let limit = |normal: u64| {
            if endless { Duration::from_secs(1 << 20) } else { Duration::from_millis(normal) }
        };
        let policy = Policy {
            fresh_for: span(&[40, 400, 600_000]),
            absent_for: span(&[20, 30_000]),
            refresh_ahead: span(&[0, 30, 20_000]),
            stale_while_revalidate: span(&[0, 50, 30_000]),
            stale_if_error: span(&[0, 600_000]),
            lease: span(&[5, 30, 1_000]),
            wait: span(&[0, 20, 1_800]),
            store_timeout: limit(150),
            store_soft_timeout: limit(30),
            load_timeout: limit(100),
            load_soft_timeout: limit(20),
            compress_from: *chance.one_of(&[0, 2_048]),
            max_body: *chance.one_of(&[600, 1 << 20]),
            local_from: *chance.one_of(&[1, 500, 1 << 20]),
            local_ttl: span(&[0, 0, 0, 25]),
            index_settle: INDEX_LAG,
            unsettled_for: Duration::from_millis(20),
            ..Policy::default()
        };
        let up_to = |most: u64| chance.number(0..=most);
        Plan {
            items: 1 + usize::from(chance.percent(40)),
            processes: 1 + chance.number(0..=2) as usize,
            readers: 1 + chance.number(0..=2) as usize,
            reads: 2 + up_to(5),
            writers: 1 + usize::from(chance.percent(40)),
            writes: 1 + up_to(3),
            losses: up_to(4),
            freezes: up_to(2),
            lost: *chance.one_of(&[0, 0, 5, 20]),
            failing: *chance.one_of(&[0, 0, 10]),
            delay: *chance.one_of(&[1, 5, 40]),
            load_delay: *chance.one_of(&[1, 20, 100]),
            pause: *chance.one_of(&[5, 30, 300]),
            body: *chance.one_of(&[10, 1_000]),
            policy,
        }
    }
}
