//! What one invocation did.

use cache::UnixMillis;
use catalog::edge::budget::ITEM_USD;
use catalog::edge::{Budget, EdgeError, Fate, Order, Reach, Reason};
use lambda_support::Metrics;
use lambda_support::metrics::{Dimensions, Metric};
use serde::Serialize;

use crate::message::Content;

/// What one invocation did, as it is logged and answered. Counts are of orders unless they say otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Changes, and second purges.
    pub orders: usize,
    /// Items that were accepted.
    pub items: usize,
    /// Reached by items of their own.
    pub own: usize,
    /// Reached by their categories' items.
    pub family: usize,
    /// Reached by the wildcard.
    pub everything: usize,
    /// Covered by an earlier purge.
    pub already_purged: usize,
    /// Older than anything the edge has.
    pub too_old: usize,
    /// Left to their time to live, as configured.
    pub ttl_only: usize,
    /// Left to their time to live, for the budget.
    pub budget_spent: usize,
    /// Back in the queue until the fence delay has passed.
    pub waiting: usize,
    /// Back in the queue because the edge was busy or failed.
    pub put_off: usize,
    /// Messages that could not be read.
    pub refused: usize,
    /// Items sent this month.
    pub spent: u64,
    /// Items that may be sent this month.
    pub allowance: u64,
    /// From each write until its purge was accepted, in milliseconds.
    #[serde(skip)]
    pub lags: Vec<u64>,
}

impl Report {
    /// Counts the fate of an order that is done.
    pub fn count(&mut self, fate: &Fate) {
        let counter = match fate {
            Fate::Purge(Reach::Own, _) => &mut self.own,
            Fate::Purge(Reach::Family, _) => &mut self.family,
            Fate::Purge(Reach::Everything, _) => &mut self.everything,
            Fate::Nothing(Reason::AlreadyPurged) => &mut self.already_purged,
            Fate::Nothing(Reason::TooOld) => &mut self.too_old,
            Fate::Nothing(Reason::TtlOnly) => &mut self.ttl_only,
            Fate::Nothing(Reason::BudgetSpent) => &mut self.budget_spent,
        };
        *counter += 1;
    }

    /// Says what became of one change, and notes how long it took.
    pub fn follow(
        &mut self,
        content: &Content,
        fate: &Fate,
        outcome: &Result<(), EdgeError>,
        now: UnixMillis,
    ) {
        let update = match &content.order {
            Order::Update(update) => update,
            Order::Again(items) => {
                let (items, event_id) = (items.len(), content.event.as_str());
                return tracing::info!(event_id, items, accepted = outcome.is_ok(), "second purges");
            }
        };
        match (fate, outcome) {
            (_, Err(error)) => waiting(content, &error.to_string()),
            (Fate::Purge(reach, _), Ok(())) => {
                if update.written_at > 0 {
                    self.lags.push(now.saturating_sub(update.written_at));
                }
                let by = match reach {
                    Reach::Own => "its own items",
                    Reach::Family => "its category",
                    Reach::Everything => "the wildcard",
                };
                purged(content, by);
            }
            (Fate::Nothing(Reason::AlreadyPurged), Ok(())) => purged(content, "an earlier purge"),
            (Fate::Nothing(reason), Ok(())) => tracing::info!(
                product = %update.id,
                version = update.version.0,
                event_id = content.event,
                upstream_trace_id = content.trace,
                reason = ?reason,
                "a change is left to its time to live at the edge"
            ),
        }
    }

    /// Measures the invocation, and ends it.
    pub fn measure(&self, metrics: &Metrics, free_items: u64) {
        let count = |metric, count: usize| metrics.measure(metric, Dimensions::NONE, count as f64);
        for lag in &self.lags {
            metrics.measure(Metric::WriteToEdgeLag, Dimensions::NONE, *lag as f64);
        }
        count(Metric::ItemsSent, self.items);
        count(Metric::ItemsMerged, self.family + self.everything + self.already_purged);
        count(Metric::ItemsDeferred, self.waiting + self.put_off);
        count(Metric::Refused, self.refused);
        // Zero: nothing was due, so nobody asked what was spent.
        if self.allowance > 0 {
            let spent = self.spent.saturating_sub(free_items) as f64 * ITEM_USD;
            metrics.measure(Metric::MonthSpend, Dimensions::NONE, spent);
            let used = self.spent as f64 / self.allowance as f64 * 100.0;
            metrics.measure(Metric::MonthAllowanceUsed, Dimensions::NONE, used);
        }
        metrics.finish(|_| {});
    }

    /// Writes the log lines: one of what was done, and one for each thing somebody should know.
    pub fn log(&self) {
        tracing::info!(
            orders = self.orders,
            items = self.items,
            own = self.own,
            family = self.family,
            everything = self.everything,
            already_purged = self.already_purged,
            too_old = self.too_old,
            ttl_only = self.ttl_only,
            waiting = self.waiting,
            put_off = self.put_off,
            refused = self.refused,
            spent = self.spent,
            allowance = self.allowance,
            "purged the edge"
        );
        let budget = Budget { spent: self.spent, free: 0, allowance: self.allowance };
        if self.budget_spent > 0 {
            tracing::warn!(
                changes = self.budget_spent,
                spent = self.spent,
                allowance = self.allowance,
                "the month's budget is spent: answers at the edge live for their time"
            );
        } else if self.items > 0 && budget.is_near_limit() {
            tracing::warn!(
                spent = self.spent,
                allowance = self.allowance,
                "80 % of the month's budget are spent: purges are coarser"
            );
        }
    }
}

fn purged(content: &Content, by: &str) {
    let Order::Update(update) = &content.order else { return };
    tracing::info!(
        step = "purged",
        product = %update.id,
        version = update.version.0,
        event_id = content.event,
        upstream_trace_id = content.trace,
        by,
        "the edge was told of a change"
    );
}

/// Says that a change comes back, and why.
pub(crate) fn waiting(content: &Content, reason: &str) {
    let Order::Update(update) = &content.order else { return };
    tracing::info!(
        step = "waiting",
        product = %update.id,
        version = update.version.0,
        event_id = content.event,
        upstream_trace_id = content.trace,
        reason,
        "a change comes back"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use cache::SystemClock;
    use lambda_support::MetricsSettings;
    use serde_json::{Value, json};

    fn measured(report: &Report) -> Value {
        let lines = Arc::new(Mutex::new(String::new()));
        let kept = lines.clone();
        let sink = Box::new(move |text: &str| kept.lock().unwrap().push_str(text));
        let settings = MetricsSettings { on: true, every: Duration::ZERO, function: "f".to_owned() };
        report.measure(&Metrics::new(settings, Arc::new(SystemClock), sink), 1_000);
        let lines = lines.lock().unwrap();
        serde_json::from_str(&lines).unwrap()
    }

    #[test]
    fn an_invocation_is_measured_in_one_line() {
        let report = Report {
            items: 3,
            own: 2,
            family: 4,
            already_purged: 1,
            waiting: 2,
            put_off: 1,
            spent: 1_500,
            allowance: 3_000,
            lags: vec![700, 1_400],
            ..Report::default()
        };
        let line = measured(&report);
        let shown = |name: &str| line[name].clone();
        assert_eq!(["ItemsSent", "ItemsMerged", "ItemsDeferred"].map(shown), [json!(3), json!(5), json!(3)]);
        assert_eq!(["MonthSpend", "MonthAllowanceUsed"].map(shown), [json!(2.5), json!(50)]);
        assert_eq!((shown("WriteToEdgeLag"), shown("Refused")), (json!([700, 1_400]), json!(0)));
    }

    #[test]
    fn what_was_spent_is_not_measured_where_nobody_asked() {
        assert_eq!(measured(&Report { waiting: 1, ..Report::default() }).get("MonthSpend"), None);
    }
}
