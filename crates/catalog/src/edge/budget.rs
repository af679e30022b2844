//! What an item costs, and the month's budget.
//!
//! Everything is counted in *fetches*: what one request costs that the edge did not answer itself. An item beyond the
//! free ones costs [`Costs::item`] of them. The free ones are no gift to be burnt at once: the k-th of n free items
//! costs k/n of a paid one, so that purges grow coarser as fewer are left. From 80 % of the month's allowance on an
//! item costs ten times as much, and what is beyond the allowance is not sent.

use std::fmt;
use std::ops::Range;

use cache::UnixMillis;

/// Items each account has free every month (CloudFront pricing, invalidation requests).
pub const FREE_ITEMS: u64 = 1_000;
/// What an item costs beyond them, in US dollars.
pub const ITEM_USD: f64 = 0.005;
/// What an item costs near the limit, as a multiple of a paid one.
const NEAR_LIMIT: u64 = 10;

/// What purges cost, in fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    /// A paid item. An item is $0.005, and a fetch about $0.00000125: API Gateway, Lambda and Valkey.
    pub item: u64,
    /// Emptying a category at the edge: the answers it holds there, over all locations.
    pub family_answers: u64,
    /// Emptying everything under `/api/products/`: the same.
    pub all_answers: u64,
}

impl Default for Costs {
    fn default() -> Self {
        Costs { item: 4_000, family_answers: 1_000, all_answers: 100_000 }
    }
}

/// The month's items. A tag, a path and a wildcard are one item each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Sent so far.
    pub spent: u64,
    /// Free of charge.
    pub free: u64,
    /// The most that may be sent.
    pub allowance: u64,
}

impl Budget {
    /// The free items, and as many as `usd` pays for.
    pub fn new(spent: u64, free: u64, usd: f64) -> Self {
        // A dollar is 200 items; the small term keeps a product like 199.99999999999997 whole.
        Budget { spent, free, allowance: free + (usd / ITEM_USD + 1e-6) as u64 }
    }

    /// How many may still be sent.
    pub fn remaining(&self) -> u64 {
        self.allowance.saturating_sub(self.spent)
    }

    /// Whether 80 % of the allowance are spent.
    pub fn is_near_limit(&self) -> bool {
        self.spent >= self.near_limit()
    }

    /// What the items at these places from now on cost together, in fetches.
    pub fn price(&self, places: Range<u64>, costs: &Costs) -> u64 {
        places.fold(0, |sum: u64, place| {
            sum.saturating_add(self.price_of(self.spent.saturating_add(place), costs))
        })
    }

    fn price_of(&self, nth: u64, costs: &Costs) -> u64 {
        if nth >= self.near_limit() {
            costs.item.saturating_mul(NEAR_LIMIT)
        } else if nth < self.free {
            (u128::from(costs.item) * u128::from(nth) / u128::from(self.free)) as u64
        } else {
            costs.item
        }
    }

    fn near_limit(&self) -> u64 {
        self.allowance - self.allowance / 5
    }
}

/// A calendar month in UTC, such as `2026-11`: what CloudFront bills by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Month(String);

impl Month {
    /// The month of a moment.
    pub fn of(now: UnixMillis) -> Month {
        let since = i64::try_from(now).ok().and_then(|now| jiff::Timestamp::from_millisecond(now).ok());
        let date = since.unwrap_or(jiff::Timestamp::MAX).to_zoned(jiff::tz::TimeZone::UTC).date();
        Month(format!("{:04}-{:02}", date.year(), date.month()))
    }

    /// Its first moment.
    pub fn begins_at(&self) -> UnixMillis {
        let date = format!("{}-01", self.0).parse::<jiff::civil::Date>();
        let first = date.ok().and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
        first.and_then(|first| u64::try_from(first.timestamp().as_millisecond()).ok()).unwrap_or_default()
    }

    /// Year and month.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allowance_is_the_free_items_and_what_the_money_buys() {
        assert_eq!(Budget::new(0, 1_000, 10.0).allowance, 3_000);
        assert_eq!(Budget::new(0, 1_000, 0.0).allowance, 1_000);
        assert_eq!(Budget::new(0, 0, 0.15).allowance, 30);
        let budget = Budget::new(2_999, 1_000, 10.0);
        assert_eq!(budget.remaining(), 1);
        assert_eq!(Budget { spent: 5_000, ..budget }.remaining(), 0);
    }

    #[test]
    fn an_item_costs_more_the_fewer_free_ones_are_left_and_most_near_the_limit() {
        let costs = Costs::default();
        let at = |spent| Budget::new(spent, 1_000, 10.0).price(0..1, &costs);
        assert_eq!([at(0), at(500), at(999), at(1_000), at(2_399)], [0, 2_000, 3_996, 4_000, 4_000]);
        assert_eq!([at(2_400), at(2_999)], [40_000, 40_000]);
        let budget = Budget::new(998, 1_000, 10.0);
        assert_eq!(budget.price(0..3, &costs), 3_992 + 3_996 + 4_000);
        assert_eq!(budget.price(2..2, &costs), 0);
        assert!(!budget.is_near_limit() && Budget::new(2_400, 1_000, 10.0).is_near_limit());
    }

    #[test]
    fn months_are_those_of_utc() {
        assert_eq!(Month::of(0).as_str(), "1970-01");
        assert_eq!(Month::of(1_796_083_199_999).as_str(), "2026-11");
        assert_eq!(Month::of(1_796_083_200_000).as_str(), "2026-12");
        assert_eq!(Month::of(1_796_083_200_000).begins_at(), 1_796_083_200_000);
        assert_eq!(Month::of(1_796_083_199_999).begins_at(), 1_793_491_200_000);
        assert_eq!(Month::of(u64::MAX).as_str(), "9999-12");
    }
}
