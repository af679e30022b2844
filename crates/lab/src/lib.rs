//! The staleness lab: one history of reads and writes, several caching strategies side by side.
//!
//! Everything happens in virtual time, over the **real engine** (`cache`, with its memory store) and the real purge planner
//! (`catalog::edge`); the rivals are small implementations over the same cache, table, edge and delays. A seed decides the
//! history, which is the same for every strategy, and everything else.
//!
//! | file | what |
//! |---|---|
//! | [`workload`] | what is read and written, how often, by whom |
//! | [`history`] | what happens from outside, in order |
//! | [`faults`], [`times`] | what goes wrong; how long everything takes |
//! | [`strategy`] | how each answers, who tells it of a change, how its edge is purged |
//! | `table`, `wire`, `edge`, `purge` | the levels and the ways between them |
//! | `tally` | what readers got: stale, how stale, below the floor |
//! | [`run`](mod@run) | one strategy from history to outcome |
//! | [`formula`] | the same without a simulation |
//! | [`floor`] | the engine alone under everything that can go wrong, for very many reads |
//! | [`real`] | the same history against a running stack, in real time |
//! | [`report`] | tables and plots |

mod clock;
mod edge;
pub mod faults;
pub mod floor;
pub mod formula;
pub mod history;
mod purge;
pub mod real;
pub mod report;
pub mod run;
mod scene;
pub mod strategy;
mod table;
pub mod tally;
pub mod times;
mod wire;
pub mod workload;

pub use faults::Faults;
pub use history::History;
pub use run::{Outcome, RunError, run, run_all};
pub use strategy::Strategy;
pub use tally::LevelReport;
pub use times::Times;
pub use workload::Workload;
