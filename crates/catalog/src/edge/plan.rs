//! From changes to items: pure, the same for the same changes in whatever order.
//!
//! 1. What needs no purge is set aside, with its reason ([`Reason`]).
//! 2. What is left is merged by product: the union of what it needs.
//! 3. Categories are purged as a whole where that is cheaper ([`coarsen`](super::coarsen)), and everything under
//!    `/api/products/` where that is cheaper still, or where it is all that the quota or the budget leaves.
//! 4. What the budget does not pay for is left to its time to live.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use cache::UnixMillis;

use super::budget::{Budget, Costs};
use super::coarsen::{Needs, Pricing, distinct, families, open};
use super::item::Item;
use super::purged::Purged;
use super::update::Update;
use crate::product::ProductId;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Purge the answers that a change made old.
    Update(Update),
    /// Purge these items a second time.
    Again(BTreeSet<Item>),
}

/// How the edge is purged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By cache tag: every variant of an answer.
    Tag,
    /// By path, as it was published; not what is stored under it with a query string.
    Path,
    /// Not at all: answers live for their time.
    TtlOnly,
}

/// What the edge allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Items under way at once. A plan with more is one wildcard instead. CloudFront: 3,000.
    pub items: usize,
    /// Wildcards under way at once; zero forbids them. CloudFront: 15.
    pub wildcards: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { items: 3_000, wildcards: 15 }
    }
}

/// How to plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How the edge is purged.
    pub mode: Mode,
    /// How often each item will be sent: see [`Timing::passes`](super::Timing::passes).
    pub passes: u64,
    /// How long after a change was published an answer it made old may still be in use: until it was stored, and then
    /// fresh or stale.
    pub longest_stored: Duration,
    /// What the edge allows.
    pub limits: Limits,
    /// What purges cost.
    pub costs: Costs,
}

/// What to send, and what that does for each order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The items, each once, in order.
    pub items: Vec<Item>,
    /// The fate of each order, in the orders' order.
    pub fates: Vec<Fate>,
}

impl Plan {
    /// The items that reach `orders` which are changes; what is purged for the second time is not among them by itself.
    pub fn reached_by_updates(&self, orders: &[Order]) -> BTreeSet<Item> {
        let reached = orders.iter().zip(&self.fates).filter_map(|(order, fate)| match (order, fate) {
            (Order::Update(_), Fate::Purge(_, places)) => Some(places),
            _ => None,
        });
        reached.flatten().filter_map(|place| self.items.get(*place)).cloned().collect()
    }
}

/// What becomes of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is done once the items at these places of [`Plan::items`] are accepted, all of them.
    Purge(Reach, Vec<usize>),
    /// Nothing is to be done.
    Nothing(Reason),
}

/// How an order is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// By its own items.
    Own,
    /// By its categories' tags.
    Family,
    /// By the wildcard.
    Everything,
}

/// Why nothing is to be done for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A purge for a later version covered it.
    AlreadyPurged,
    /// Every answer it made old has outlived its time.
    TooOld,
    /// The edge is not purged at all.
    TtlOnly,
    /// The month's budget is spent: answers live for their time.
    BudgetSpent,
}

/// Plans the purges for `orders`.
pub fn plan(
    orders: &[Order],
    purged: &HashMap<ProductId, Purged>,
    rules: &Rules,
    budget: &Budget,
    now: UnixMillis,
) -> Plan {
    let needless: Vec<_> = orders.iter().map(|order| rules.needless(order, purged, now)).collect();
    let (mut needs, mut again) = (Needs::new(), BTreeSet::new());
    for (order, _) in orders.iter().zip(&needless).filter(|(_, reason)| reason.is_none()) {
        match order {
            Order::Update(update) => need(&mut needs, rules.own(order), rules.families(update)),
            Order::Again(items) => again.extend(items.iter().cloned()),
        }
    }
    let items: Vec<_> = rules.select(&needs, &again, budget).into_iter().collect();
    let fates = orders.iter().zip(needless).map(|(order, reason)| match reason {
        Some(reason) => Fate::Nothing(reason),
        None => rules.reach(order, &items).unwrap_or(Fate::Nothing(Reason::BudgetSpent)),
    });
    Plan { fates: fates.collect(), items }
}

/// Adds a need. One change of a product that no category reaches takes all its changes along: their answers are under
/// the same tag.
fn need(needs: &mut Needs, own: BTreeSet<Item>, families: BTreeSet<Item>) {
    match needs.get_mut(&own) {
        None => drop(needs.insert(own, families)),
        Some(known) if known.is_empty() || families.is_empty() => known.clear(),
        Some(known) => known.extend(families),
    }
}

impl Rules {
    fn needless(
        &self,
        order: &Order,
        purged: &HashMap<ProductId, Purged>,
        now: UnixMillis,
    ) -> Option<Reason> {
        if self.mode == Mode::TtlOnly {
            return Some(Reason::TtlOnly);
        }
        let Order::Update(update) = order else { return None };
        let longest = u64::try_from(self.longest_stored.as_millis()).unwrap_or(u64::MAX);
        if update.published_at.is_some_and(|published| now > published.saturating_add(longest)) {
            return Some(Reason::TooOld);
        }
        let covered = purged.get(&update.id).is_some_and(|purged| purged.covers(update));
        covered.then_some(Reason::AlreadyPurged)
    }

    /// The items that reach an order and hardly more.
    fn own(&self, order: &Order) -> BTreeSet<Item> {
        match order {
            Order::Again(items) => items.clone(),
            Order::Update(update) if self.mode == Mode::Path => update.paths.clone(),
            Order::Update(update) => BTreeSet::from([Item::product(&update.id)]),
        }
    }

    fn families(&self, update: &Update) -> BTreeSet<Item> {
        if self.mode == Mode::Tag { update.families.clone() } else { BTreeSet::new() }
    }

    fn select(&self, needs: &Needs, again: &BTreeSet<Item>, budget: &Budget) -> BTreeSet<Item> {
        let affordable = usize::try_from(budget.remaining() / self.passes.max(1)).unwrap_or(usize::MAX);
        if affordable == 0 || (needs.is_empty() && again.is_empty()) {
            return BTreeSet::new();
        }
        let everything = Item::every_product();
        if again.contains(&everything) {
            return BTreeSet::from([everything]);
        }
        let pricing = Pricing { budget, costs: &self.costs, passes: self.passes };
        let chosen = families(needs, again, &pricing);
        let open: Vec<_> = open(needs, &chosen, again).collect();
        let own = distinct(&open, again);
        let count = own.len() + chosen.len();
        if self.limits.wildcards > 0 {
            let reached = (needs.len() - open.len()) as u64;
            let emptied = pricing.refetches(self.costs.family_answers * chosen.len() as u64, reached);
            let fine = pricing.items(0..count as u64).saturating_add(emptied);
            let emptied = pricing.refetches(self.costs.all_answers, needs.len() as u64);
            if pricing.items(0..1).saturating_add(emptied) < fine || count > affordable.min(self.limits.items)
            {
                return BTreeSet::from([everything]);
            }
        }
        // What is half done first, then what reaches most.
        let ranked = again.iter().chain(&chosen).chain(own.into_iter().filter(|item| !again.contains(*item)));
        ranked.take(affordable).cloned().collect()
    }

    /// How the items reach an order, if they do.
    fn reach(&self, order: &Order, items: &[Item]) -> Option<Fate> {
        let places = |wanted: &BTreeSet<Item>| -> Option<Vec<usize>> {
            wanted.iter().map(|item| items.binary_search(item).ok()).collect()
        };
        if let Some(places) = places(&self.own(order)) {
            return Some(Fate::Purge(Reach::Own, places));
        }
        if let Order::Update(update) = order
            && let families = self.families(update)
            && !families.is_empty()
            && let Some(places) = places(&families)
        {
            return Some(Fate::Purge(Reach::Family, places));
        }
        Some(Fate::Purge(Reach::Everything, places(&BTreeSet::from([Item::every_product()]))?))
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
