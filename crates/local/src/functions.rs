//! The functions, with the settings the template gives them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use local_lambda::{Function, FunctionConfig, LogLine, REGION};
use tokio::sync::broadcast;

use crate::database::{CONTROL_TABLE, TABLE};
use crate::edge::DISTRIBUTION;
use crate::journey::NAMESPACE;
use crate::messaging::BUS;
use crate::stack::{Options, StartError};

/// Environment variables by function, on top of what [`Wiring`] says.
pub type Overrides = BTreeMap<&'static str, BTreeMap<String, String>>;

/// Where the functions find what they need.
#[derive(Debug, Clone)]
pub struct Wiring {
    /// DynamoDB.
    pub dynamodb: String,
    /// EventBridge.
    pub events: String,
    /// Valkey or Redis.
    pub cache: String,
    /// SQS.
    pub sqs: String,
    /// CloudFront's API.
    pub cloudfront: String,
    /// The queue in front of `edge-invalidator`.
    pub edge_queue: String,
    /// The queue in front of `consistency-auditor`.
    pub audit_queue: String,
    /// The queue of refused records.
    pub failure_queue: String,
    /// Where viewers come in.
    pub edge: String,
    /// The API behind the edge.
    pub api: String,
    /// `EDGE_PURGE`.
    pub purge: String,
}

impl Wiring {
    /// The environment every function gets; each reads what it needs of it.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let pairs = [
            ("AWS_REGION", REGION),
            // Version 1 of the AWS CLI knows it by this name only.
            ("AWS_DEFAULT_REGION", REGION),
            // The emulators take any credentials.
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.dynamodb),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", &self.events),
            ("AWS_ENDPOINT_URL_SQS", &self.sqs),
            ("AWS_ENDPOINT_URL_CLOUDFRONT", &self.cloudfront),
            ("TABLE_NAME", TABLE),
            ("VALKEY_URL", &self.cache),
            ("CACHE_NAMESPACE", NAMESPACE),
            ("EVENT_BUS_NAME", BUS),
            ("CONTROL_TABLE_NAME", CONTROL_TABLE),
            ("DISTRIBUTION_ID", DISTRIBUTION),
            ("EDGE_QUEUE_URL", &self.edge_queue),
            ("FAILURE_QUEUE_URL", &self.failure_queue),
            ("EDGE_URL", &self.edge),
            ("API_URL", &self.api),
            ("AUDIT_QUEUE_URL", &self.audit_queue),
            // Changes are few here, and none of them is to escape.
            ("AUDIT_SAMPLE_PERCENT", "100"),
            ("EDGE_PURGE", &self.purge),
            ("LOG_LEVEL", "info"),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// The running functions.
#[derive(Clone)]
pub struct Functions {
    /// GET and HEAD.
    pub read_api: Arc<Function>,
    /// PUT, PATCH and DELETE.
    pub write_api: Arc<Function>,
    /// Stream to cache.
    pub stream_invalidator: Arc<Function>,
    /// Published changes to the edge.
    pub edge_invalidator: Arc<Function>,
    /// Whether edge and API have published changes.
    pub consistency_auditor: Arc<Function>,
}

impl Functions {
    /// Starts one environment of each.
    pub async fn start(
        options: &Options,
        wiring: &Wiring,
        logs: broadcast::Sender<LogLine>,
    ) -> Result<Functions, StartError> {
        let start = async |name: &'static str, seconds: u64, environments: usize| {
            let binary = options.binaries.join(name);
            if !binary.is_file() {
                let reason =
                    format!("{} is not built: run `cargo build --workspace --bins`", binary.display());
                return Err(StartError::Part { what: name, reason });
            }
            let mut config = FunctionConfig::new(name, binary);
            config.env = wiring.environment();
            config.env.extend(options.overrides.get(name).cloned().unwrap_or_default());
            config.timeout = Duration::from_secs(seconds);
            config.max_concurrency = environments;
            config.logs = Some(logs.clone());
            Function::start(config)
                .await
                .map_err(|error| StartError::Part { what: name, reason: error.to_string() })
        };
        Ok(Functions {
            read_api: start("read-api", 4, options.read_environments).await?,
            write_api: start("write-api", 10, 4).await?,
            stream_invalidator: start("stream-invalidator", 30, 2).await?,
            edge_invalidator: start("edge-invalidator", 20, 2).await?,
            consistency_auditor: start("consistency-auditor", 30, 2).await?,
        })
    }

    /// All of them.
    pub fn all(&self) -> [&Arc<Function>; 5] {
        [
            &self.read_api,
            &self.write_api,
            &self.stream_invalidator,
            &self.edge_invalidator,
            &self.consistency_auditor,
        ]
    }

    /// Ends every process.
    pub async fn stop(&self) {
        for function in self.all() {
            function.stop().await;
        }
    }
}
