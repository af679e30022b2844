//! A seeded simulation that searches schedules of the **real engine** for a broken guarantee.
//!
//! Several processes, each with its own [`cache::Cache`], read, write and invalidate a handful of items over one store
//! in memory, in virtual time. A seed decides everything: who does what when, how long every message takes on its way
//! there and back, which are lost, doubled or overtaken, when the store forgets a record, when a process freezes, when
//! the source fails. The history is checked afterwards. The same seed gives the same history.
//!
//! | file | what |
//! |---|---|
//! | `plan` | a seed becomes the parameters of one schedule |
//! | `chance` | the one source of randomness |
//! | `source` | the database: rows, strongly consistent loads, an index that lags |
//! | `link` | what lies between a process and the store: delay, loss, freezing |
//! | `actors` | readers, writers, the stream, decay |
//! | `history` | what happened, and what may not have |
//! | `flaw` | the engine's surroundings broken on purpose, to show that the search can find something |
//! | `run` | one schedule, from seed to verdict |
//!
//! ```
//! let outcome = sim::run(7, None);
//! assert_eq!(outcome.violations, Vec::<String>::new());
//! assert_eq!(outcome.history, sim::run(7, None).history);
//! ```

mod actors;
mod chance;
mod flaw;
mod history;
mod link;
mod plan;
mod run;
mod source;

pub use flaw::Flaw;
pub use run::{Outcome, Tally, run, search, search_on_every_core};
