//! The edge: from changes to the fewest purges that reach every answer the changes made old.
//!
//! | to learn about | read |
//! |---|---|
//! | what a published change says to the edge | [`update`] |
//! | what can be purged | [`item`] |
//! | from changes to items: the plan | [`plan`](mod@plan) |
//! | when one item for a whole category is cheaper | [`coarsen`] |
//! | what an item costs, and the month's budget | [`budget`] |
//! | when to purge, and when again | [`timing`] |
//! | what need not be purged again | [`purged`] |
//! | what is asked of the edge and of the ledger | [`port`] |
//!
//! What an edge may hold about a product, all of it under `/api/products/`: its answers, which carry its own tag and its
//! category's, and "no such product", which carries its own tag only. Lists carry a category's tag too, live for a
//! second and need no purge.

pub mod budget;
pub mod coarsen;
pub mod item;
pub mod plan;
pub mod port;
pub mod purged;
pub mod timing;
pub mod update;

#[cfg(feature = "test-util")]
pub mod contract;
#[cfg(feature = "test-util")]
pub mod memory;

pub use budget::{Budget, Costs, Month};
pub use item::{InvalidItem, Item};
pub use plan::{Fate, Limits, Mode, Order, Plan, Reach, Reason, Rules, plan};
pub use port::{Edge, EdgeError, Ledger, LedgerError};
pub use purged::{Purged, purged_by};
pub use timing::Timing;
pub use update::{Unreadable, Update};
