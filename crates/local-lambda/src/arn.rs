//! Account, region and ARNs of the local stack.

/// The account everything belongs to locally.
pub const ACCOUNT_ID: &str = "000000000000";

/// The region functions are told, unless their configuration sets `AWS_REGION`.
pub const REGION: &str = "us-east-1";

/// The ARN of a function by name, in [`REGION`] and [`ACCOUNT_ID`].
pub fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}")
}
