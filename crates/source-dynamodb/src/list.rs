//! Lists: a query of the index [`GROUP_INDEX`], or a scan of the table.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use catalog::names::{GROUP, GROUP_INDEX, KEY};
use catalog::{ItemList, Page, Position, Product, ProductId, SourceError};

use crate::row::{Row, read_row};
use crate::store::{DynamoItemStore, source_error};

/// Rows as DynamoDB gave them, and the key it stopped at.
struct Rows {
    rows: Vec<Row>,
    stopped_at: Option<Row>,
}

#[async_trait]
impl ItemList for DynamoItemStore {
    async fn list(
        &self,
        category: Option<&str>,
        limit: u16,
        after: Option<&Position>,
    ) -> Result<Page, SourceError> {
        // One row more than asked for tells whether there is a next page; DynamoDB itself names a key to go on from even
        // when nothing follows.
        let wanted = i32::from(limit) + 1;
        let start = after.map(|position| start_key(position, category));
        let rows = match category {
            Some(category) => self.query(category, wanted, start).await?,
            None => self.scan(wanted, start).await?,
        };
        Ok(page(rows, usize::from(limit)))
    }
}

impl DynamoItemStore {
    async fn query(&self, category: &str, limit: i32, start: Option<Row>) -> Result<Rows, SourceError> {
        let request = self.client.query().table_name(&self.table).index_name(GROUP_INDEX);
        let request = request
            .key_condition_expression("#group = :group")
            .expression_attribute_names("#group", GROUP)
            .expression_attribute_values(":group", AttributeValue::S(category.to_owned()));
        let answer = request.limit(limit).set_exclusive_start_key(start).send().await;
        let answer = answer.map_err(source_error)?;
        Ok(Rows { rows: answer.items.unwrap_or_default(), stopped_at: answer.last_evaluated_key })
    }

    async fn scan(&self, limit: i32, start: Option<Row>) -> Result<Rows, SourceError> {
        let request = self.client.scan().table_name(&self.table).limit(limit);
        let answer = request.set_exclusive_start_key(start).send().await.map_err(source_error)?;
        Ok(Rows { rows: answer.items.unwrap_or_default(), stopped_at: answer.last_evaluated_key })
    }
}

fn page(Rows { mut rows, stopped_at }: Rows, limit: usize) -> Page {
    let next = if rows.len() > limit {
        rows.truncate(limit);
        rows.last().and_then(position)
    } else {
        stopped_at.as_ref().and_then(position)
    };
    Page { items: rows.iter().filter_map(product).collect(), next }
}

fn product(row: &Row) -> Option<Product> {
    let id = ProductId::parse(row.get(KEY)?.as_s().ok()?).ok()?;
    read_row(&id, row).product.ok()
}

fn position(row: &Row) -> Option<Position> {
    Some(Position(row.get(KEY)?.as_s().ok()?.clone()))
}

fn start_key(position: &Position, category: Option<&str>) -> Row {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut key = HashMap::from([(KEY.to_owned(), text(&position.0))]);
    key.extend(category.map(|category| (GROUP.to_owned(), text(category))));
    key
}
