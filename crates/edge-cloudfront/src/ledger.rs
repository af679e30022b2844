//! The ledger on a DynamoDB table with the partition key `id` (S) and the time-to-live attribute `expires_at` (N).
//!
//! | `id` | attributes | kept |
//! |---|---|---|
//! | `spend#2026-11` | `items` (N): sent in that month | 400 days |
//! | `purged#<product>` | `version` (N), `written_at` (N, ms): the change it was last purged for | as long as asked |
//!
//! Needs `dynamodb:GetItem`, `UpdateItem`, `BatchGetItem` and `BatchWriteItem` on the table.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, ReturnValue, WriteRequest};
use cache::{UnixMillis, Version};
use catalog::ProductId;
use catalog::edge::{Ledger, LedgerError, Month, Purged};
use futures::stream::{self, StreamExt, TryStreamExt};

/// The most keys of one BatchGetItem, and the most rows of one BatchWriteItem (DynamoDB quotas).
const MAX_KEYS: usize = 100;
const MAX_ROWS: usize = 25;
/// Calls under way at once.
const MAX_CALLS: usize = 8;
/// How long a month's count is of interest: until the same month a year later is over.
const KEEP_SPEND: u64 = 400 * 86_400;

type Row = HashMap<String, AttributeValue>;

/// The ledger in one table.
pub struct DynamoLedger {
    client: Client,
    table: String,
}

impl DynamoLedger {
    /// The ledger in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        DynamoLedger { client, table: table.into() }
    }

    async fn look_up(&self, ids: &[&ProductId]) -> Result<Vec<(ProductId, Purged)>, LedgerError> {
        let keys = ids.iter().map(|id| Row::from([("id".to_owned(), text(purge_id(id)))])).collect();
        // An older answer would only mean a purge more, at half the price.
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(false).build();
        let request = self.client.batch_get_item().request_items(&self.table, wanted.map_err(unbuilt)?);
        let answer = request.send().await.map_err(failed)?;
        // Keys that were not processed are missing, as if unknown: they cost a purge, and asking again costs time.
        let rows = answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default();
        Ok(rows.iter().filter_map(read_purge).collect())
    }

    async fn put(&self, purged: &[(ProductId, Purged)], expires_at: u64) -> Result<(), LedgerError> {
        let puts: Result<Vec<_>, _> = purged
            .iter()
            .map(|(id, purged)| {
                let put = PutRequest::builder()
                    .item("id", text(purge_id(id)))
                    .item("version", number(purged.version.0))
                    .item("written_at", number(purged.written_at))
                    .item("expires_at", number(expires_at));
                Ok(WriteRequest::builder().put_request(put.build()?).build())
            })
            .collect();
        let request = self.client.batch_write_item().request_items(&self.table, puts.map_err(unbuilt)?);
        let left = request.send().await.map_err(failed)?.unprocessed_items.unwrap_or_default();
        match left.values().map(Vec::len).sum::<usize>() {
            0 => Ok(()),
            left => Err(LedgerError(format!("DynamoDB did not take {left} of {} rows", purged.len()))),
        }
    }
}

#[async_trait]
impl Ledger for DynamoLedger {
    async fn spent(&self, month: &Month) -> Result<u64, LedgerError> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = request.key("id", text(spend_id(month))).send().await.map_err(failed)?;
        Ok(answer.item().and_then(|row| read_number(row, "items")).unwrap_or_default())
    }

    async fn spend(&self, month: &Month, items: u64) -> Result<u64, LedgerError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("id", text(spend_id(month)))
            .update_expression("ADD #items :items SET expires_at = if_not_exists(expires_at, :expires_at)")
            .expression_attribute_names("#items", "items")
            .expression_attribute_values(":items", number(items))
            .expression_attribute_values(":expires_at", number(month.begins_at() / 1_000 + KEEP_SPEND))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(failed)?;
        let spent = answer.attributes().and_then(|row| read_number(row, "items"));
        spent.ok_or_else(|| LedgerError("DynamoDB did not say how much is spent".to_owned()))
    }

    async fn purged(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Purged>, LedgerError> {
        // DynamoDB refuses a call that names a key twice.
        let ids: Vec<_> = ids.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let calls: Vec<_> = ids.chunks(MAX_KEYS).map(|chunk| self.look_up(chunk)).collect();
        let found: Vec<_> = stream::iter(calls).buffer_unordered(MAX_CALLS).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn record(&self, purged: &[(ProductId, Purged)], until: UnixMillis) -> Result<(), LedgerError> {
        let purged: Vec<_> = purged.iter().cloned().collect::<HashMap<_, _>>().into_iter().collect();
        let calls: Vec<_> =
            purged.chunks(MAX_ROWS).map(|chunk| self.put(chunk, until.div_ceil(1_000))).collect();
        let mut results = stream::iter(calls).buffer_unordered(MAX_CALLS);
        let mut result = Ok(());
        while let Some(put) = results.next().await {
            result = result.and(put);
        }
        result
    }
}

fn spend_id(month: &Month) -> String {
    format!("spend#{month}")
}

fn purge_id(id: &ProductId) -> String {
    format!("purged#{id}")
}

fn read_purge(row: &Row) -> Option<(ProductId, Purged)> {
    let id = row.get("id")?.as_s().ok()?.strip_prefix("purged#")?;
    let version = Version(read_number(row, "version")?);
    Some((ProductId::parse(id).ok()?, Purged { version, written_at: read_number(row, "written_at")? }))
}

fn read_number(row: &Row, name: &str) -> Option<u64> {
    row.get(name)?.as_n().ok()?.parse().ok()
}

fn text(text: String) -> AttributeValue {
    AttributeValue::S(text)
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn failed<E: std::error::Error + Send + Sync + 'static>(error: SdkError<E>) -> LedgerError {
    LedgerError(format!("DynamoDB: {}", DisplayErrorContext(&error)))
}

fn unbuilt(error: BuildError) -> LedgerError {
    LedgerError(error.to_string())
}
