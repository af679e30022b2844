//! Signed URLs and cookies for what the edge shows to some only, by a key of a trusted key group.
//!
//! - [`policy`]: what a signature allows · [`key`]: keys, made and used · [`signed`]: a URL or cookies
//!
//! Policies are signed with SHA-256 (`Hash-Algorithm=SHA256`, which CloudFront takes since April 2026), by RSA of 2048 bits
//! (PKCS #1 v1.5) or ECDSA on P-256 (DER).

pub mod key;
pub mod policy;
pub mod signed;

pub use key::{PrivateKey, make_pair};
pub use policy::{Policy, Span};
pub use signed::{cookies, url};

#[cfg(test)]
mod tests;
