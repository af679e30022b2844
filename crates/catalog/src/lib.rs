//! The example domain: products, their keys, reads, writes and invalidation.
//!
//! To bring another domain, replace this crate: its types, its keys, what it renders, and how a change of a row becomes
//! an invalidation. Nothing else of the workspace knows what a product is, but for the adapter that maps its rows.
//!
//! | to learn about | read |
//! |---|---|
//! | what a product is and when it is valid | [`product`], [`details`] |
//! | where it is served, and what its rows and parameters are called | [`names`] |
//! | the keys of products and lists, their policies | [`keys`] |
//! | what is cached and sent of a product | [`representation`] |
//! | reading through the cache | [`read`] |
//! | lists, page by page | [`list`] |
//! | conditional writes, and telling the cache | [`mod@write`] |
//! | what a change of a row tells the cache | [`change`], [`invalidation`] |
//! | what is published then, and which tags answers carry | [`events`], [`tags`] |
//! | which purges of the edge follow from published changes | [`edge`] |
//! | what is asked of the database and the bus | [`ports`] |
//!
//! The crate holds no code of any cloud or store.

pub mod change;
pub mod details;
pub mod edge;
pub mod events;
pub mod invalidation;
pub mod keys;
pub mod list;
pub mod names;
pub mod ports;
pub mod product;
pub mod read;
pub mod representation;
pub mod tags;
pub mod write;

pub use change::{Change, ChangeKind, Image};
pub use details::{Details, FieldError};
pub use events::{Event, ProductUpdated, RecordRefused};
pub use invalidation::Told;
pub use keys::Keys;
pub use list::{Page, Position, ReadList};
pub use ports::{
    BusError, EventBus, ItemList, ItemRead, ItemWrite, RowVersion, SourceError, Stamp, Stored, WriteError,
};
pub use product::{InvalidId, Product, ProductId};
pub use read::ReadProduct;
pub use representation::Representation;
pub use write::{Command, Condition, WriteFailure, WriteProduct, Written};
