//! What a pipeline does beside deploying: the site uploaded, the edge purged, URLs signed.
//!
//! - [`site`]: the files, what of them changed, and the run that uploads them and purges what they replace
//! - [`purge`]: tags, paths or everything, for whoever knows what became old
//! - [`sign`]: signed URLs and cookies for what only some may read, and key pairs for them
//! - [`edge`]: invalidations of a distribution, waited for and counted · [`stack`]: where a deployed stack has its parts
//! - [`arguments`], [`commands`]: the command line · [`failure`]: what is said when something does not work
//!
//! # What a pipeline's role needs
//!
//! | action | on | for |
//! |---|---|---|
//! | `cloudformation:DescribeStacks` | the stack | `--stack` |
//! | `s3:ListBucket` | the site's bucket | `publish` |
//! | `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject` | what is in it | `publish` |
//! | `cloudfront:CreateInvalidation` | the distribution | `publish`, `purge` |
//! | `cloudfront:GetInvalidation` | the distribution | `--wait`, `--delete` |
//! | `dynamodb:UpdateItem` | the control table | to count what was sent |
//! | `dynamodb:GetItem` | the control table | `purge --dry-run` |
//!
//! Signing asks nobody: it needs the private key alone. Two runs of `publish` at once are not kept apart; a pipeline has one.

pub mod arguments;
pub mod commands;
pub mod edge;
pub mod failure;
pub mod purge;
pub mod sign;
pub mod site;
pub mod stack;

pub use failure::Failure;
