//! The region the local stack pretends to be in, and the ARNs that follow from it.

/// The account that owns everything in the local stack.
pub const ACCOUNT_ID: &str = "000000000000";

/// A region's name, such as `eu-central-1` (the default).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region(String);

impl Region {
    /// A region by name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The region's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// `arn:aws:<service>:<region>:000000000000:<resource>`.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{ACCOUNT_ID}:{resource}", self.0)
    }
}

impl Default for Region {
    fn default() -> Self {
        Self::new("eu-central-1")
    }
}

/// The last part of a queue's URL or ARN; a bare name stays as it is.
pub(crate) fn resource_name(name_url_or_arn: &str) -> &str {
    name_url_or_arn.rsplit(['/', ':']).next().unwrap_or(name_url_or_arn)
}
