//! What is said when something does not work: what was tried, why it failed, and what to do.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use aws_sdk_cloudfront::config::http::HttpResponse;
use aws_sdk_cloudfront::error::{ProvideErrorMetadata, SdkError};

/// Why a command did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// What was asked for cannot be done as it stands.
    #[error("{0}")]
    Asked(String),
    /// AWS refused, or did not answer.
    #[error("{doing}: {why}{}", lines(.advice))]
    Refused {
        /// What was tried.
        doing: String,
        /// What AWS said.
        why: String,
        /// What to do about it, where that is known.
        advice: Option<String>,
    },
    /// The purge was accepted, and had not taken effect everywhere when the time to wait was over.
    #[error(
        "after {} s CloudFront still has {} in progress; they go on: \
         aws cloudfront get-invalidation --distribution-id {distribution} --id {}",
        .waited.as_secs(), .ids.join(", "), .ids.first().map_or("", String::as_str)
    )]
    Unfinished {
        /// The distribution.
        distribution: String,
        /// The invalidations that are not completed.
        ids: Vec<String>,
        /// How long they were waited for.
        waited: Duration,
    },
}

impl Failure {
    /// What the process ends with: 1, or 3 for a purge that was accepted and not awaited to its end. 2 is the command
    /// line's own.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Asked(_) | Failure::Refused { .. } => 1,
            Failure::Unfinished { .. } => 3,
        }
    }

    /// What AWS answered to `doing`, for which a role needs the permission `needs`.
    pub fn refused<E>(doing: impl Into<String>, needs: &str, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let answer = error.raw_response();
        let status = answer.map(|answer| answer.status().as_u16());
        let region = answer.and_then(|answer| answer.headers().get("x-amz-bucket-region"));
        let code = error.code().unwrap_or_default();
        let why = match (code, error.message(), status) {
            ("", _, Some(status)) => format!("HTTP status {status}"),
            ("", _, None) => causes(error),
            (code, Some(message), _) => format!("{code}: {message}"),
            (code, None, _) => code.to_owned(),
        };
        let advice = match (code, status, region) {
            ("PermanentRedirect" | "AuthorizationHeaderMalformed", _, Some(region))
            | (_, Some(301 | 400), Some(region)) => {
                Some(format!("the bucket is in {region}: add --region {region}"))
            }
            _ => of_code(code)
                .map(str::to_owned)
                .or_else(|| (status == Some(403)).then(|| format!("the role in use needs {needs}")))
                .or_else(|| of_text(&why).map(str::to_owned)),
        };
        Failure::Refused { doing: doing.into(), why, advice }
    }
}

fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            "the credentials have expired: log in again"
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidToken" => "the credentials are not valid: look at `aws sts get-caller-identity`",
        "NoSuchBucket" | "NoSuchDistribution" => {
            "look at the stack's outputs; with --stack they are read from there"
        }
        "TooManyInvalidationsInProgress" | "Throttling" | "ThrottlingException" | "SlowDown" => {
            "too much is under way: run the same command again in a minute"
        }
        _ => return None,
    })
}

/// Where no service answered, the text is all there is.
fn of_text(why: &str) -> Option<&'static str> {
    let why = why.to_ascii_lowercase();
    if why.contains("credential") || why.contains("identity") {
        return Some(
            "no usable credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for a profile with \
             single sign-on: eval \"$(aws configure export-credentials --format env)\"",
        );
    }
    why.contains("region").then_some("name a region: --region, AWS_REGION, or one in the profile")
}

/// The error and what caused it, each once.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            let _ = write!(text, ": {said}");
        }
        cause = error.source();
    }
    text
}

fn lines(advice: &Option<String>) -> String {
    advice.as_ref().map(|advice| format!("\n  {advice}")).unwrap_or_default()
}
