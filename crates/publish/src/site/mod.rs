//! Publishing a site: upload what changed, then purge what it replaced.
//!
//! - [`file`](mod@file): the files, with the headers they are served with · [`plan`](mod@plan): what of them changed, and in which order
//!   it goes up · [`items`]: what to purge for it
//! - [`bucket`]: where they are kept · [`debt`]: purges that an interrupted run still owes · [`run`](mod@run): all of it
//!
//! The order is such that no answer refers to what is not there yet: new files, then replaced ones, then pages; the purge;
//! and only when it has taken effect everywhere, if that was asked for, what is gone is removed. Files that keep their
//! names cannot change all at once: between the first upload and the purge's effect a viewer may see some of each.

pub mod bucket;
pub mod debt;
pub mod file;
pub mod items;
pub mod plan;
pub mod run;

pub use bucket::Bucket;
pub use file::File;
pub use plan::{Plan, plan};
pub use run::{Options, Outcome, publish};
