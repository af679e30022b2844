//! Load that does not wait, on the local stack's API: at rising rates until it bends, then for a time below that.
//!
//! Reads of the sample catalogue, all of them in the cache. The API is the gateway that stands in for API Gateway, which freezes
//! and thaws the functions' processes as Lambda does: what bends is this machine, not AWS.

use std::thread;
use std::time::Duration;

use crate::arrivals::{Arrivals, Fate, offer};
use crate::http::{Connection, request};
use crate::machine::every_core;
use crate::report::{Row, Table};
use crate::samples::Samples;
use crate::stack::{Memory, Parts, Stack, products};

/// Requests under way at once.
const IN_FLIGHT: usize = 64;
/// The first rate of the climb, per second, by how much each is higher than the one before, and where it ends in any case.
const FIRST: f64 = 100.0;
const STEEP: f64 = 1.5;
const MOST: f64 = 20_000.0;
/// How long each rate is offered.
const STEP: Duration = Duration::from_millis(1_200);
/// A rate has bent when its p99 is above this, in milliseconds,
const SLOW_MS: f64 = 100.0;
/// or when it is not answered within its time and this share more: then a backlog grows,
const BEHIND: f64 = 0.05;
/// or when more than this share of its requests has no good answer.
const FAILED: f64 = 0.001;
/// The plateau, as a share of the highest rate that held.
const BELOW: f64 = 0.7;
/// How long the plateau lasts, and into how many parts it is divided.
const SHORT: (Duration, u32) = (Duration::from_secs(20), 5);
const LONG: (Duration, u32) = (Duration::from_secs(600), 10);

/// What a rate came to.
#[derive(Debug, Default)]
struct Outcome {
    good: usize,
    failed: usize,
    took: Samples,
    /// When the last answer was there.
    ended: Duration,
}

impl Outcome {
    fn of(fates: impl Iterator<Item = Fate>) -> Outcome {
        let mut outcome = Outcome::default();
        for fate in fates {
            match fate.took {
                Some(took) => {
                    outcome.good += 1;
                    outcome.took.push(took);
                    outcome.ended = outcome.ended.max(fate.arrived + took);
                }
                None => outcome.failed += 1,
            }
        }
        outcome
    }

    /// Of a load that was offered for so long.
    fn bent(&self, length: Duration) -> bool {
        let all = (self.good + self.failed) as f64;
        let late = self.ended > length.mul_f64(1.0 + BEHIND);
        self.failed as f64 > all * FAILED || self.p(0.99) > SLOW_MS || late
    }

    /// In milliseconds.
    fn p(&self, share: f64) -> f64 {
        self.took.quantile(share) / 1e3
    }

    fn numbers(&self, length: Duration) -> Vec<f64> {
        let rate = self.good as f64 / length.as_secs_f64();
        vec![rate, self.failed as f64, self.p(0.5), self.p(0.99), self.p(1.0)]
    }
}

/// The climb and the plateau.
pub async fn measure(parts: &Parts, long: bool) -> Result<Vec<Table>, String> {
    let _cores = every_core()?;
    let stack = Stack::start(parts).await?;
    let requests: Vec<_> =
        products().iter().map(|id| request("GET", &format!("/api/products/{id}"), &[], "")).collect();
    let mut connections: Vec<_> = (0..IN_FLIGHT).map(|_| Connection::to(&stack.endpoints.api)).collect();
    // Each product is in the cache from here on, and each environment of the function has been started.
    warm(&mut connections, &requests)?;
    let (climb, held) = climb(&mut connections, &requests);
    let plateau = match held {
        Some(rate) => {
            plateau(&stack, &mut connections, &requests, rate * BELOW, if long { LONG } else { SHORT })
        }
        None => return Err(format!("not even {FIRST} requests a second were answered in time")),
    };
    stack.stop().await;
    Ok(vec![climb, plateau])
}

fn warm(connections: &mut [Connection], requests: &[Vec<u8>]) -> Result<(), String> {
    for request in requests {
        let answer = connections[0].exchange(request).map_err(|error| format!("the API: {error}"))?;
        if answer.status() != 200 {
            return Err(format!("the API answered {}", answer.first));
        }
    }
    let arrivals = Arrivals::random(2.0 * FIRST, STEP, 0);
    offer(connections, requests, &arrivals, || {});
    Ok(())
}

/// Rising rates until one bends twice: once may be the machine's. Also the highest rate that held.
fn climb(connections: &mut [Connection], requests: &[Vec<u8>]) -> (Table, Option<f64>) {
    let mut table = Table::new(
        "Sustained climb",
        format!(
            "Reads of cached products at the local stack's API, open loop: arrivals at random times that are fixed beforehand, waiting counted; {:.1} s at each rate, at most {IN_FLIGHT} under way. A rate bends when twice its p99 is above {SLOW_MS} ms, its last answer {:.0} ms late, or more than {} % failed.",
            STEP.as_secs_f64(),
            STEP.as_secs_f64() * BEHIND * 1e3,
            FAILED * 100.0
        ),
        &["offered", "answered/s", "failed", "p50 ms", "p99 ms", "max ms"],
    );
    let (mut rate, mut held) = (FIRST, None);
    while rate <= MOST {
        let mut step = |seed| {
            let arrivals = Arrivals::random(rate, STEP, seed);
            Outcome::of(offer(connections, requests, &arrivals, || {}).0.into_iter())
        };
        let mut outcome = step(1);
        if outcome.bent(STEP) {
            outcome = step(2);
        }
        let bent = outcome.bent(STEP);
        let name = format!("{rate:.0}/s{}", if bent { ", bent" } else { "" });
        table.push(Row::new(name, outcome.numbers(STEP.max(outcome.ended))));
        if bent {
            break;
        }
        held = Some(rate);
        rate *= STEEP;
    }
    (table, held)
}

fn plateau(
    stack: &Stack,
    connections: &mut [Connection],
    requests: &[Vec<u8>],
    rate: f64,
    (length, parts): (Duration, u32),
) -> Table {
    let part = length / parts;
    let mut table = Table::new(
        "Sustained plateau",
        format!(
            "{rate:.0} requests a second for {} s, {:.0} % of the highest rate that held. Memory at the end of each part: all environments of read-api and how many these are, the cache, and the stack's own process (gateway, edge, DynamoDB, queues).",
            length.as_secs(),
            BELOW * 100.0
        ),
        &[
            "seconds",
            "answered/s",
            "failed",
            "p50 ms",
            "p99 ms",
            "max ms",
            "read-api MB",
            "environments",
            "cache MB",
            "stack MB",
        ],
    );
    let mut row = |name: String, mut numbers: Vec<f64>, memory: Memory| {
        numbers.extend([memory.read_api, memory.environments, memory.cache, memory.stack]);
        table.push(Row::new(name, numbers));
    };
    row("before".to_owned(), vec![f64::NAN; 5], stack.memory());
    let arrivals = Arrivals::random(rate, length, 3);
    let (fates, memory) = offer(connections, requests, &arrivals, || {
        let looks = (0..parts).map(|_| {
            thread::sleep(part);
            stack.memory()
        });
        looks.collect::<Vec<_>>()
    });
    for (place, memory) in (0..).zip(memory) {
        let (from, to) = (part * place, part * (place + 1));
        let within = fates.iter().filter(|fate| (from..to).contains(&fate.arrived)).copied();
        let name = format!("{}–{}", from.as_secs(), to.as_secs());
        row(name, Outcome::of(within).numbers(part), memory);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(good: usize, slow: usize, failed: usize) -> Outcome {
        let fate = |millis| Fate { arrived: Duration::ZERO, took: Some(Duration::from_millis(millis)) };
        let none = Fate { arrived: Duration::ZERO, took: None };
        let all = vec![fate(10); good].into_iter().chain(vec![fate(200); slow]).chain(vec![none; failed]);
        Outcome::of(all)
    }

    #[test]
    fn a_rate_bends_by_its_tail_its_backlog_or_its_failures() {
        let second = Duration::from_secs(1);
        assert!(!outcome(1_000, 5, 0).bent(second));
        assert!(outcome(1_000, 20, 0).bent(second));
        assert!(!outcome(1_000, 0, 1).bent(second));
        assert!(outcome(1_000, 0, 2).bent(second));
        assert!(outcome(0, 0, 1).bent(second));
        assert!(outcome(1_000, 5, 0).bent(Duration::from_millis(190)), "the last answer came after 200 ms");
    }

    #[test]
    fn failed_requests_are_no_answers_and_have_no_times() {
        assert_eq!(outcome(100, 0, 3).numbers(Duration::from_secs(2)), [50.0, 3.0, 10.0, 10.0, 10.0]);
    }
}
