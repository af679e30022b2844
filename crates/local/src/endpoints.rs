//! Where each part listens, for people and programs.

use serde::Serialize;

/// Where each part listens. Its JSON is the line `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Endpoints {
    /// Where users come in.
    pub edge: String,
    /// The HTTP API behind it.
    pub api: String,
    /// DynamoDB and DynamoDB Streams.
    pub dynamodb: String,
    /// CloudFront's API.
    pub cloudfront: String,
    /// Valkey or Redis.
    pub cache: String,
    /// The products' table.
    pub table: String,
    /// The distribution.
    pub distribution: String,
    /// Lambda's Invoke API.
    pub invoke: String,
    /// SQS.
    pub sqs: String,
    /// EventBridge.
    pub events: String,
    /// The URL of the queue of refused records.
    pub failure_queue: String,
    /// What the stack tells of itself; see [`observe`](crate::observe).
    pub observe: String,
}

impl Endpoints {
    /// What is said once everything answers: a line for each part, then the first thing to try.
    pub fn announcement(&self) -> String {
        let parts = [
            ("front door", self.edge.clone()),
            ("API", self.api.clone()),
            ("CloudFront", format!("{} (distribution {})", self.cloudfront, self.distribution)),
            ("DynamoDB", format!("{} (table {})", self.dynamodb, self.table)),
            ("cache", self.cache.clone()),
            ("EventBridge", self.events.clone()),
            ("SQS", self.sqs.clone()),
            ("refused records", self.failure_queue.clone()),
            ("Lambda Invoke", self.invoke.clone()),
            ("observed", format!("{} (cargo xtask trace, top)", self.observe)),
        ];
        let lines = parts.map(|(what, place)| format!("{what:>16}  {place}\n"));
        format!("{}ready: curl -i {}/api/products/boots-001", lines.concat(), self.edge)
    }
}
