//! What one invocation did.

use catalog::edge::{Budget, Fate, Reach, Reason};
use serde::Serialize;

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
