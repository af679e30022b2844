//! The item store on DynamoDB.
//!
//! [`DynamoItemStore`] implements [`catalog::ItemRead`], [`catalog::ItemWrite`] and [`catalog::ItemList`] on one table:
//! partition key `id` (S), `version` (N), `updated_at` (S), and the product's fields as plain attributes of the same
//! names, so that any other program can write rows. Reads are strongly consistent; writes are conditional on the version
//! attribute as it was read; lists come from the index [`CATEGORY_INDEX`], or from a scan.

mod list;
mod row;
mod store;

pub use list::CATEGORY_INDEX;
pub use row::{read_row, row_version};
pub use store::DynamoItemStore;
