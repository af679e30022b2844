//! Invalidations of a distribution: asked for, counted and waited for.
//!
//! Needs `cloudfront:CreateInvalidation`, and `cloudfront:GetInvalidation` to wait; to count, `dynamodb:UpdateItem` on the
//! control table.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use cache::UnixMillis;
use catalog::edge::budget::{FREE_ITEMS, ITEM_USD};
use catalog::edge::{Item, Ledger, Month};
use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::time::{Instant, sleep_until};

use crate::failure::Failure;

/// The most items of one call (CloudFront's quota for what is under way).
const ITEMS_PER_CALL: usize = 3_000;

/// A distribution, and where its items are counted.
pub struct Distribution {
    client: Client,
    id: String,
    ledger: Option<Arc<dyn Ledger>>,
    every: Duration,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The invalidations' ids.
    pub ids: Vec<String>,
    /// How many items they have together.
    pub items: u64,
    /// How many the account's month has now, as far as the ledger knows; or why it does not.
    pub month: Option<Result<u64, String>>,
}

impl Distribution {
    /// The distribution of this id. Its items are counted in `ledger`, where edge-invalidator counts its own.
    pub fn new(client: Client, id: impl Into<String>, ledger: Option<Arc<dyn Ledger>>) -> Self {
        Distribution { client, id: id.into(), ledger, every: Duration::from_secs(2) }
    }

    /// Asks for the state of what is under way in this interval (2 s).
    pub fn polled(self, every: Duration) -> Self {
        Distribution { every, ..self }
    }

    /// Has items purged. The same items with the same `occasion` are the same purge, which costs nothing when repeated.
    pub async fn purge(&self, items: &[Item], occasion: &str, now: UnixMillis) -> Result<Asked, Failure> {
        let mut asked = Asked::default();
        for batch in items.chunks(ITEMS_PER_CALL) {
            asked.ids.push(self.create(batch, occasion).await?);
            asked.items += batch.len() as u64;
            if let Some(ledger) = &self.ledger {
                let counted = ledger.spend(&Month::of(now), batch.len() as u64).await;
                // One that is not counted leaves the count wrong, whatever comes after it.
                if !matches!(asked.month, Some(Err(_))) {
                    asked.month = Some(counted.map_err(|error| error.to_string()));
                }
            }
        }
        Ok(asked)
    }

    async fn create(&self, items: &[Item], occasion: &str) -> Result<String, Failure> {
        let unsaid = |error: aws_sdk_cloudfront::error::BuildError| Failure::Asked(error.to_string());
        let paths = Paths::builder()
            .quantity(i32::try_from(items.len()).unwrap_or(i32::MAX))
            .set_items(Some(items.iter().map(|item| item.as_str().to_owned()).collect()));
        let batch = InvalidationBatch::builder()
            .paths(paths.build().map_err(unsaid)?)
            .caller_reference(edge_cloudfront::reference(items, [occasion]));
        let request = self.client.create_invalidation().distribution_id(&self.id);
        let answer = request.invalidation_batch(batch.build().map_err(unsaid)?).send().await;
        let answer = answer.map_err(|error| {
            let doing = format!("purging {} items of distribution {}", items.len(), self.id);
            Failure::refused(doing, "cloudfront:CreateInvalidation on the distribution", &error)
        })?;
        let id = answer.invalidation.map(|invalidation| invalidation.id);
        id.ok_or_else(|| Failure::Asked("CloudFront did not say how the invalidation is called".to_owned()))
    }

    /// Waits until all are completed, which CloudFront reports when a purge has taken effect everywhere.
    pub async fn wait(&self, ids: &[String], at_most: Duration) -> Result<(), Failure> {
        let begun = Instant::now();
        let mut open = ids.to_vec();
        loop {
            let states: Vec<_> = open.into_iter().map(|id| self.is_open(id)).collect();
            let states: Vec<_> = stream::iter(states).buffer_unordered(8).try_collect().await?;
            open = states.into_iter().flatten().collect();
            if open.is_empty() {
                return Ok(());
            }
            let next = Instant::now() + self.every;
            if next > begun + at_most {
                return Err(Failure::Unfinished {
                    distribution: self.id.clone(),
                    ids: open,
                    waited: at_most,
                });
            }
            sleep_until(next).await;
        }
    }

    /// The id again, while the invalidation is under way.
    async fn is_open(&self, id: String) -> Result<Option<String>, Failure> {
        let answer = self.client.get_invalidation().distribution_id(&self.id).id(&id).send().await;
        let answer = answer.map_err(|error| {
            let doing = format!("waiting for invalidation {id}");
            Failure::refused(doing, "cloudfront:GetInvalidation on the distribution", &error)
        })?;
        let completed = answer.invalidation.is_some_and(|invalidation| invalidation.status == "Completed");
        Ok((!completed).then_some(id))
    }
}

/// What items cost, in words, when `sent` of them went before in the month.
pub fn price(items: u64, sent: Option<u64>) -> String {
    let word = if items == 1 { "item" } else { "items" };
    match sent {
        Some(sent) => {
            let paid = (sent + items).saturating_sub(FREE_ITEMS.max(sent));
            let usd = paid as f64 * ITEM_USD;
            format!(
                "{items} {word}, ${usd:.3} ({sent} went before this month, {FREE_ITEMS} a month are free)"
            )
        }
        None => {
            let usd = items as f64 * ITEM_USD;
            format!("{items} {word}, free within the account's {FREE_ITEMS} a month, else ${usd:.3}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::price;

    #[test]
    fn an_item_costs_nothing_while_the_month_has_free_ones() {
        assert!(price(1, Some(10)).starts_with("1 item, $0.000"));
        assert!(price(10, Some(995)).starts_with("10 items, $0.025"), "{}", price(10, Some(995)));
        assert!(price(10, Some(2_000)).starts_with("10 items, $0.050"));
        assert!(price(3, None).ends_with("else $0.015"));
    }
}
