//! What is paid for what. US East (N. Virginia), US dollars, without taxes, savings plans and the free tiers of new
//! accounts.

/// A price and where it was read.
pub struct Price {
    /// What is paid for.
    pub name: &'static str,
    /// For how much of it.
    pub unit: &'static str,
    /// US dollars.
    pub usd: f64,
    /// Who says so.
    pub source: &'static str,
}

const DOCUMENT: &str = "AWS documentation, read November 2026";
const THIRD: &str = "third party, June 2026: check";
const MEMORY: &str = "from memory: check";

macro_rules! prices {
    ($($name:ident: $usd:literal, $what:literal, $unit:literal, $source:ident;)*) => {
        $(pub const $name: f64 = $usd;)*
        /// Every price, for the document.
        pub const PRICES: &[Price] =
            &[$(Price { name: $what, unit: $unit, usd: $usd, source: $source }),*];
    };
}

prices! {
    EDGE_REQUESTS: 1.0, "CloudFront, HTTPS request beyond 10 M a month", "million", MEMORY;
    EDGE_TRANSFER: 0.085, "CloudFront, transfer out beyond 1 TB a month", "GB", MEMORY;
    PURGE: 0.005, "CloudFront, item invalidated beyond 1,000 a month", "item", DOCUMENT;
    GATEWAY: 1.0, "API Gateway, HTTP API request", "million", DOCUMENT;
    LAMBDA_REQUESTS: 0.2, "Lambda, request", "million", THIRD;
    LAMBDA_TIME: 0.000_013_333_4, "Lambda, arm64", "GB-second", MEMORY;
    CACHE_STORAGE: 0.084, "ElastiCache serverless, Valkey, stored (at least 0.1 GB)", "GB-hour", THIRD;
    CACHE_UNITS: 0.002_3, "ElastiCache serverless, Valkey, ECPU", "million", THIRD;
    TABLE_READS: 0.125, "DynamoDB, read unit on demand (4 KB, strong)", "million", MEMORY;
    TABLE_WRITES: 0.625, "DynamoDB, write unit on demand (1 KB)", "million", MEMORY;
    EVENTS: 1.0, "EventBridge, event published", "million", MEMORY;
    QUEUE: 0.4, "SQS, request", "million", MEMORY;
    ENDPOINT: 0.01, "VPC interface endpoint, in one zone", "hour", MEMORY;
    LOGS: 0.5, "CloudWatch, log data", "GB", MEMORY;
    METRIC: 0.3, "CloudWatch, metric with data", "month", MEMORY;
    ALARM: 0.1, "CloudWatch, metric of an alarm", "month", MEMORY;
    DASHBOARD: 3.0, "CloudWatch, dashboard beyond three", "month", MEMORY;
    TRACES: 5.0, "X-Ray, trace recorded beyond 100,000 a month", "million", MEMORY;
    KEY: 1.0, "KMS, key", "month", MEMORY;
    SECRET: 0.4, "Secrets Manager, secret", "month", MEMORY;
}
