//! The item store on DynamoDB.
//!
//! [`DynamoItemStore`] implements [`catalog::ItemRead`], [`catalog::ItemWrite`] and [`catalog::ItemList`] on one table:
//! partition key [`KEY`](catalog::names::KEY) (S), `version` (N), `updated_at` (S), and the product's fields as plain
//! attributes of the same names, so that any other program can write rows. Reads are strongly consistent; writes are
//! conditional on the version attribute as it was read; lists come from the index
//! [`GROUP_INDEX`](catalog::names::GROUP_INDEX), or from a scan.

mod list;
mod row;
mod store;

pub use row::{read_row, row_version};
pub use store::DynamoItemStore;
