//! What a function is, and the environment variables its processes see.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::broadcast;
use uuid::Uuid;

use super::logs::LogLine;
use crate::arn::REGION;
use crate::clock;

/// What a function is. Start from [`FunctionConfig::new`] and set what differs.
#[derive(Debug, Clone)]
pub struct FunctionConfig {
    /// The function's name, as in its ARN.
    pub name: String,
    /// The binary: a Lambda bootstrap, built on `lambda_runtime` or any other client of the Runtime API.
    pub binary: PathBuf,
    /// The function's environment variables. Nothing else is passed on from this process but `PATH`.
    pub env: BTreeMap<String, String>,
    /// How long one invocation may take before its environment is killed. Lambda's default: 3 s.
    pub timeout: Duration,
    /// How many environments, and so invocations, there may be at once (at least 1). Default: 10.
    pub max_concurrency: usize,
    /// The memory size the function is told, in MB; nothing is limited. Lambda's default: 128.
    pub memory_mb: u32,
    /// How long an invocation waits for a free environment, first come first served, before it is throttled. Lambda
    /// throttles at once; the wait stands for the scale one machine does not have. Default: 25 s, below an HTTP API's
    /// integration time-out of 30 s.
    pub max_wait: Duration,
    /// How long an environment may take until it asks for its first invocation. Lambda's rule and default: 10 s.
    pub init_timeout: Duration,
    /// Where the lines go that the function writes to stdout and stderr. Lines nobody receives are dropped: a function is
    /// never held up by its log.
    pub logs: Option<broadcast::Sender<LogLine>>,
}

impl FunctionConfig {
    /// A function with Lambda's defaults and no variables of its own.
    pub fn new(name: impl Into<String>, binary: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            binary: binary.into(),
            env: BTreeMap::new(),
            timeout: Duration::from_secs(3),
            max_concurrency: 10,
            memory_mb: 128,
            max_wait: Duration::from_secs(25),
            init_timeout: Duration::from_secs(10),
            logs: None,
        }
    }

    /// The whole environment of one process. The function's own variables win over the defaults, the variables Lambda
    /// reserves win over the function's.
    pub(super) fn variables(&self, runtime_api: &str) -> BTreeMap<String, String> {
        let date = jiff::Timestamp::from_millisecond(clock::unix_millis().cast_signed()).unwrap_or_default();
        let log_stream = format!("{}/[$LATEST]{}", date.strftime("%Y/%m/%d"), Uuid::new_v4().simple());
        let defaults = [
            ("PATH", std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".into())),
            ("LANG", "en_US.UTF-8".into()),
            ("TZ", ":UTC".into()),
            ("AWS_REGION", REGION.into()),
            ("AWS_DEFAULT_REGION", REGION.into()),
        ];
        let reserved = [
            ("_HANDLER", "bootstrap".into()),
            ("AWS_LAMBDA_RUNTIME_API", runtime_api.into()),
            ("AWS_LAMBDA_FUNCTION_NAME", self.name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.memory_mb.to_string()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream),
        ];
        let own = self.env.iter().map(|(name, value)| (name.clone(), value.clone()));
        let named = |(name, value): (&str, String)| (name.to_owned(), value);
        defaults.into_iter().map(named).chain(own).chain(reserved.into_iter().map(named)).collect()
    }
}
