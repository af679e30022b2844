//! A machine-checked model of the cache protocol: every interleaving of a small world, one property.
//!
//! The world is one row of the source, its key in the store, a few readers, and everything that can go wrong between
//! them. It has no clock: whatever time could do (a lease or a record that runs out, a process frozen for an hour)
//! may happen at any moment, and nothing ever has to happen. [`stateright`] visits every state that can be reached.
//!
//! | module | holds |
//! |---|---|
//! | [`scope`] | how large the world is and what may happen in it |
//! | [`protocol`] | the four operations on a record, joining and L1; the [`Variant`] switches that break them |
//! | [`state`] | one state of the world |
//! | [`actions`] | what may happen next; `step` holds what it does |
//! | [`symmetry`] | which states are one |
//! | [`properties`] | the invariant, and what must have been seen for a run to count |
//! | [`mod@check`] | runs the checker |
//! | [`trace`] | a counterexample in words |
//!
//! Only readers at a time and changes of the row are bounded ([`Scope`]). Reads, deliveries of each change, losses and
//! lease expiries are not.
//!
//! **The property.** Every content the row had has a sequence number, which no operation sees. An acknowledged
//! invalidation says that everything before its change is gone; a read notes how far that goes when it begins; what it
//! answers must not be older.
//!
//! **Freely chosen.** A body past its fresh time may answer and may be missed, so stale-while-revalidate needs no step
//! of its own; a reader may fail anywhere and begin anew; what it answered may enter L1 at any later time, or never.
//!
//! **Left out.** What is exempt from the invariant (stale-if-error, a failover that loses acknowledged writes); a reader
//! that goes past a failing store to the source, since a strong load is right by itself; the caller's minimum; what is
//! no record.
//!
//! ```
//! use model::{CacheModel, Scope, Variant, check};
//!
//! let scope = Scope { readers: 1, writes: 1, ..Scope::default() };
//! assert!(check(CacheModel { scope, variant: Variant::Sound }).holds());
//! assert!(!check(CacheModel { scope, variant: Variant::EventualLoads }).holds());
//! ```

pub mod actions;
pub mod check;
pub mod properties;
pub mod protocol;
pub mod scope;
pub mod state;
mod step;
pub mod symmetry;
pub mod trace;

pub use actions::Action;
pub use check::{Outcome, check, check_watched};
pub use protocol::Variant;
pub use scope::{CacheModel, Scope};
pub use state::State;
