//! The embedded DynamoDB, with the products' table and its stream.

use dynoxide::Database;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::seed;
use crate::server::listen;
use crate::stack::StartError;

/// The products' table.
pub const TABLE: &str = "tidemark-products";
/// The table of what was spent and purged at the edge.
pub const CONTROL_TABLE: &str = "tidemark-control";

/// A running DynamoDB; it ends when this is dropped.
pub struct DynamoDb {
    /// In-process access, past HTTP.
    pub database: Database,
    /// Its endpoint.
    pub url: String,
    /// The stream of the products' table.
    pub stream_arn: String,
    _stop: oneshot::Sender<()>,
}

impl DynamoDb {
    /// Starts an empty database and creates the table.
    pub async fn start() -> Result<DynamoDb, StartError> {
        let database = Database::memory().map_err(failed)?;
        let stream_arn = create_table(&database)?;
        create_control_table(&database)?;
        let listener = listen("DynamoDB", 0).await?;
        let url = format!("http://{}", listener.local_addr().map_err(failed)?);
        let (stop, stopped) = oneshot::channel::<()>();
        let server = dynoxide::server::serve_with_shutdown(listener, database.clone(), async {
            let _sender_dropped = stopped.await;
        });
        tokio::spawn(server);
        Ok(DynamoDb { database, url, stream_arn, _stop: stop })
    }

    /// Fills the table with the sample catalogue and tells how many products that are.
    pub fn seed(&self, now: u64) -> Result<usize, StartError> {
        let rows = seed::rows(now);
        for row in &rows {
            let put = json!({ "TableName": TABLE, "Item": row });
            self.database.put_item(request(put)?).map_err(failed)?;
        }
        Ok(rows.len())
    }
}

fn create_table(database: &Database) -> Result<String, StartError> {
    let table = json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "id", "AttributeType": "S" },
            { "AttributeName": "category", "AttributeType": "S" },
        ],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-category",
            "KeySchema": [
                { "AttributeName": "category", "KeyType": "HASH" },
                { "AttributeName": "id", "KeyType": "RANGE" },
            ],
            "Projection": { "ProjectionType": "ALL" },
        }],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
    });
    let created = database.create_table(request(table)?).map_err(failed)?;
    let described = serde_json::to_value(created).map_err(failed)?;
    let arn = described.pointer("/TableDescription/LatestStreamArn").and_then(Value::as_str);
    arn.map(str::to_owned).ok_or_else(|| failed("the table has no stream"))
}

fn create_control_table(database: &Database) -> Result<(), StartError> {
    let table = json!({
        "TableName": CONTROL_TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
    });
    database.create_table(request(table)?).map_err(failed)?;
    Ok(())
}

fn request<T: DeserializeOwned>(request: Value) -> Result<T, StartError> {
    serde_json::from_value(request).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError::Part { what: "DynamoDB", reason: error.to_string() }
}
