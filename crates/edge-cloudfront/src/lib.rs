//! The edge on CloudFront, and its ledger on DynamoDB.
//!
//! - [`edge`]: [`CloudFrontEdge`] implements [`catalog::edge::Edge`] with CreateInvalidation
//! - [`reference`](mod@reference): the caller reference that makes a repeated call free
//! - [`ledger`]: [`DynamoLedger`] implements [`catalog::edge::Ledger`] on a control table

pub mod edge;
pub mod ledger;
pub mod reference;

pub use edge::CloudFrontEdge;
pub use ledger::DynamoLedger;
pub use reference::reference;
