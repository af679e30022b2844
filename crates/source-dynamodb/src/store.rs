//! Reads and conditional writes.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure};
use catalog::names::KEY;
use catalog::{ItemRead, ItemWrite, Product, ProductId, SourceError, Stamp, Stored, WriteError};

use crate::row::{Expected, Row, attributes, read_row};

/// Products in one DynamoDB table.
pub struct DynamoItemStore {
    pub(crate) client: Client,
    pub(crate) table: String,
}

impl DynamoItemStore {
    /// Products in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        DynamoItemStore { client, table: table.into() }
    }
}

#[async_trait]
impl ItemRead for DynamoItemStore {
    async fn read(&self, id: &ProductId) -> Result<Option<Stored>, SourceError> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = request.key(KEY, key(id)).send().await.map_err(source_error)?;
        Ok(answer.item.map(|row| read_row(id, &row)))
    }

    /// One `BatchGetItem`, and one more for what it left out: DynamoDB does so when it throttles, or beyond 16 MB.
    async fn read_many(&self, ids: &[ProductId]) -> Vec<Result<Option<Stored>, SourceError>> {
        let mut found = HashMap::new();
        let mut keys: Vec<_> = ids.iter().map(|id| HashMap::from([(KEY.to_owned(), key(id))])).collect();
        let mut failure = SourceError("DynamoDB: left out of a batch twice".to_owned());
        for _ in 0..2 {
            if keys.is_empty() {
                break;
            }
            match self.batch(&keys).await {
                Ok((rows, left_out)) => {
                    found.extend(rows);
                    keys = left_out;
                }
                Err(error) => {
                    failure = error;
                    break;
                }
            }
        }
        let failed = |id: &ProductId| keys.iter().any(|left| left.get(KEY) == Some(&key(id)));
        ids.iter()
            .map(|id| match found.get(id.as_str()) {
                Some(row) => Ok(Some(read_row(id, row))),
                None if failed(id) => Err(failure.clone()),
                None => Ok(None),
            })
            .collect()
    }
}

#[async_trait]
impl ItemWrite for DynamoItemStore {
    async fn create(&self, product: &Product) -> Result<(), WriteError> {
        self.write(product, Condition::absent()).await
    }

    async fn replace(&self, product: &Product, expected: &Stamp) -> Result<(), WriteError> {
        self.write(product, Condition::unchanged(expected)).await
    }

    async fn delete(&self, id: &ProductId, expected: &Stamp) -> Result<(), WriteError> {
        let condition = Condition::unchanged(expected);
        let request = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key(KEY, key(id))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_refusal(&error) => Err(WriteError::Changed),
            Err(error) => Err(source_error(error).into()),
        }
    }
}

/// Rows by id, and the keys that were left out.
type Batch = (Vec<(String, Row)>, Vec<Row>);

impl DynamoItemStore {
    async fn batch(&self, keys: &[Row]) -> Result<Batch, SourceError> {
        let asked = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys.to_vec())).build();
        let asked = asked.map_err(|error| SourceError(format!("DynamoDB: {error}")))?;
        let request = self.client.batch_get_item().request_items(&self.table, asked);
        let answer = request.send().await.map_err(source_error)?;
        let rows = answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default();
        let named = rows.into_iter().filter_map(|row| Some((row.get(KEY)?.as_s().ok()?.clone(), row)));
        let left_out = answer.unprocessed_keys.unwrap_or_default().remove(&self.table);
        Ok((named.collect(), left_out.map(|left| left.keys).unwrap_or_default()))
    }

    /// An update writes a product's own attributes and leaves what other programs keep in the row, such as a time to
    /// live; under [`Condition::absent`] it creates the row.
    async fn write(&self, product: &Product, condition: Condition) -> Result<(), WriteError> {
        let fields = attributes(product);
        let assignments: Vec<_> = fields.keys().map(|name| format!("#{name} = :{name}")).collect();
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(KEY, key(&product.id))
            .update_expression(format!("SET {}", assignments.join(", ")))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for (name, value) in &fields {
            request = request
                .expression_attribute_names(format!("#{name}"), *name)
                .expression_attribute_values(format!(":{name}"), value.clone());
        }
        let Err(error) = request.send().await else { return Ok(()) };
        match error.as_service_error() {
            // The client repeats a write whose answer it did not get. If the first one did happen, the repeat fails
            // its condition; the row then is just what was to be written.
            Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => match refusal.item() {
                Some(row) if fields.iter().all(|(name, value)| row.get(*name) == Some(value)) => Ok(()),
                _ => Err(WriteError::Changed),
            },
            _ => Err(source_error(error).into()),
        }
    }
}

fn is_refusal<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}

/// The condition of a write.
struct Condition {
    expression: &'static str,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Condition {
    /// There is no such row.
    fn absent() -> Self {
        Condition { expression: "attribute_not_exists(#key)", names: named([("#key", KEY)]), values: None }
    }

    /// The row exists and its version attribute is what was read.
    fn unchanged(expected: &Stamp) -> Self {
        let (expression, value) = match Expected::from_stamp(expected) {
            Expected::Value(version) => ("attribute_exists(#key) AND #expected = :expected", Some(version)),
            Expected::Missing => ("attribute_exists(#key) AND attribute_not_exists(#expected)", None),
            Expected::Type(name) => (
                "attribute_exists(#key) AND attribute_type(#expected, :expected)",
                Some(AttributeValue::S(name)),
            ),
        };
        let names = named([("#key", KEY), ("#expected", "version")]);
        let values = value.map(|value| HashMap::from([(":expected".to_owned(), value)]));
        Condition { expression, names, values }
    }
}

fn named<const N: usize>(names: [(&str, &str); N]) -> Option<HashMap<String, String>> {
    Some(names.map(|(placeholder, name)| (placeholder.to_owned(), name.to_owned())).into())
}

fn key(id: &ProductId) -> AttributeValue {
    AttributeValue::S(id.as_str().to_owned())
}

pub(crate) fn source_error<E: std::error::Error + Send + Sync + 'static>(error: SdkError<E>) -> SourceError {
    SourceError(format!("DynamoDB: {}", DisplayErrorContext(&error)))
}
