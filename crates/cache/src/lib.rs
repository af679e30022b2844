//! The cache engine: the record, the one rule, `get_or_load`.
//!
//! Every item carries a [`Version`] that only grows. A record in the store keeps the version of its body and the
//! *floor*: the lowest version it may still answer with. One rule holds: **no read that begins after an
//! invalidation was acknowledged returns what it invalidated**, whatever is evicted, expired, flushed,
//! duplicated, reordered or frozen in between.
//!
//! | to learn about | read |
//! |---|---|
//! | what holds, if what, and which test shows it | [`guarantee`] |
//! | what is stored, byte by byte | [`record`] |
//! | when a record may answer | [`rule`] |
//! | the four atomic operations a store offers | [`store`] |
//! | hit, wait, join, load, fill; lists; many keys at once | [`engine`] |
//! | TTLs, time-outs, leases, sizes | [`policy`] |
//! | when a failing store is left alone | [`breaker`] |
//!
//! The crate holds no code of any store or cloud. Time comes from [`Clock`], randomness from [`Entropy`].

pub mod answer;
pub mod breaker;
pub mod clock;
pub mod counts;
pub mod engine;
pub mod entropy;
mod flight;
pub mod guarantee;
pub mod key;
pub mod loader;
mod local;
mod packing;
pub mod policy;
pub mod record;
pub mod rule;
pub mod store;
pub mod version;

#[cfg(feature = "test-util")]
pub mod chaos;
#[cfg(feature = "test-util")]
pub mod contract;
#[cfg(feature = "test-util")]
pub mod memory;

pub use answer::{Answer, Bypass, Content, MissReason, Provenance, Storable};
pub use breaker::{Breaker, BreakerConfig};
pub use clock::{Clock, SystemClock, UnixMillis};
pub use counts::Counts;
pub use engine::{Cache, CacheConfig, GetError, Lookup};
pub use entropy::Entropy;
pub use key::{Key, KeyError};
pub use loader::{LoadError, Loaded};
pub use policy::Policy;
pub use record::{Encoding, Head, HeadError, Kind, Record, Token};
pub use store::{BeginFill, Begun, CacheStore, Fill, FillOutcome, Invalidated, Invalidation, StoreError};
pub use version::Version;
