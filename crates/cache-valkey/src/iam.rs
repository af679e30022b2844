//! IAM tokens for ElastiCache: a presigned request instead of a password.
//!
//! The token is the URL `http://<cache>/?Action=connect&User=<user>`, signed (SigV4, service `elasticache`, in the query,
//! valid for 15 minutes) and without its `http://`; a serverless cache has `ResourceType=ServerlessCache` in it as well.
//! Source: ElastiCache user guide, "Authenticating with IAM". A token is signed for each connection, when it is made:
//! it needs no request, so there is none to keep or to refresh.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningError, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_sigv4::sign::v4::signing_params::BuildError;
use cache::UnixMillis;

/// How long ElastiCache accepts a token for.
const VALID_FOR: Duration = Duration::from_secs(900);

/// An IAM identity, for ElastiCache. The identity needs `elasticache:Connect` on the cache and on the user; the user's id
/// and name must be equal.
#[derive(Clone)]
pub struct IamLogin {
    /// The ElastiCache user.
    pub user: String,
    /// The name of the serverless cache, or the id of the replication group. Lower case.
    pub cache: String,
    /// Whether the cache is a serverless one.
    pub serverless: bool,
    /// The cache's region.
    pub region: String,
    /// Where the credentials come from: `aws_config`'s `SdkConfig::credentials_provider()`, for example.
    pub credentials: SharedCredentialsProvider,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The provider gave no credentials.
    #[error("no credentials for the IAM login: {0}")]
    Credentials(#[from] CredentialsError),
    /// The cache's name makes no URL, or the identity cannot sign.
    #[error("the IAM login cannot be signed: {0}")]
    Signing(#[from] SigningError),
    /// Never: every parameter is given.
    #[error("the IAM login cannot be signed: {0}")]
    Parameters(#[from] BuildError),
}

impl IamLogin {
    /// A token that is valid for 15 minutes from `now`, in milliseconds since the epoch. It is what the store logs in with,
    /// and what `redis-cli --user <user> --pass <token>` takes.
    pub async fn token(&self, now: UnixMillis) -> Result<String, TokenError> {
        let identity = self.credentials.provide_credentials().await?.into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(VALID_FOR);
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("elasticache")
            .time(UNIX_EPOCH + Duration::from_millis(now))
            .settings(settings)
            .build()?
            .into();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("Action", "connect").append_pair("User", &self.user);
        if self.serverless {
            query.append_pair("ResourceType", "ServerlessCache");
        }
        let asked = query.finish();
        let address = format!("http://{}/?{asked}", self.cache);
        let request = SignableRequest::new("GET", &address, std::iter::empty(), SignableBody::Bytes(&[]))?;
        let (signed, _signature) = sign(request, &parameters)?.into_parts();
        let mut query = form_urlencoded::Serializer::new(asked);
        signed.params().iter().for_each(|(name, value)| {
            query.append_pair(name, value);
        });
        Ok(format!("{}/?{}", self.cache, query.finish()))
    }
}

impl fmt::Debug for IamLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IamLogin")
            .field("user", &self.user)
            .field("cache", &self.cache)
            .field("serverless", &self.serverless)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
