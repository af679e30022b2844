//! The item store on DynamoDB.
//!
//! [`DynamoItemStore`] implements [`catalog::ItemRead`] and [`catalog::ItemWrite`] on one table: partition key `id` (S),
//! `version` (N), `updated_at` (S), and the product's fields as plain attributes of the same names, so that any other
//! program can write rows. Reads are strongly consistent; writes are conditional on the version attribute as it was read.

mod row;
mod store;

pub use row::{read_row, row_version};
pub use store::DynamoItemStore;
