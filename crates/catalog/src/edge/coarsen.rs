//! When one item for a whole category is cheaper than one for each product of it.
//!
//! A category's item saves the items of the products it reaches, and empties the category: every answer of it that is
//! not old is fetched once more for nothing. It is worth it when the saved items cost more than those fetches
//! ([`Costs`]):
//!
//! ```text
//! price(n items) − price(1 item)  >  family_answers − n
//! ```
//!
//! With paid items at 4,000 fetches and 1,000 answers that is the second product; at the beginning of a month, while
//! items are free and plenty, about the twentieth. The same question is asked of the wildcard with `all_answers`.
//!
//! A category's item reaches what *these* changes made old. What an earlier change made old, before the product was in the
//! category or was there at all, goes with that change's own message, which may still be on its way.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::budget::{Budget, Costs};
use super::item::Item;

/// What must be reached: by all the items of a key, or by all the families beside it, unless there is none.
pub type Needs = BTreeMap<BTreeSet<Item>, BTreeSet<Item>>;

/// What items and fetches cost in one plan.
#[derive(Debug, Clone, Copy)]
pub struct Pricing<'a> {
    /// What is left of the month.
    pub budget: &'a Budget,
    /// What purges cost.
    pub costs: &'a Costs,
    /// How often each item is sent; each time empties what it reaches.
    pub passes: u64,
}

impl Pricing<'_> {
    /// The price of the items at these places of the plan.
    pub fn items(&self, places: Range<u64>) -> u64 {
        let places = places.start.saturating_mul(self.passes)..places.end.saturating_mul(self.passes);
        self.budget.price(places, self.costs)
    }

    /// The price of emptying `answers`, of which `old` had to go anyway.
    pub fn refetches(&self, answers: u64, old: u64) -> u64 {
        answers.saturating_sub(old).saturating_mul(self.passes)
    }
}

/// The families to purge as a whole, beside what is purged `again` in any case. One after the other, the most saving
/// first; of equals the first by name.
pub fn families(needs: &Needs, again: &BTreeSet<Item>, pricing: &Pricing<'_>) -> BTreeSet<Item> {
    let mut chosen = BTreeSet::new();
    loop {
        let open: Vec<_> = open(needs, &chosen, again).collect();
        let items = distinct(&open, again).len() as u64 + chosen.len() as u64;
        let mut reached: BTreeMap<&Item, u64> = BTreeMap::new();
        for (_, families) in open {
            let mut missing =
                families.iter().filter(|family| !chosen.contains(*family) && !again.contains(*family));
            // What needs two more families is reached once one of them is chosen for its own sake.
            if let (Some(family), None) = (missing.next(), missing.next()) {
                *reached.entry(family).or_default() += 1;
            }
        }
        let gain = |n: u64| {
            let saved = pricing.items(items + 1 - n..items);
            saved.saturating_sub(pricing.refetches(pricing.costs.family_answers, n))
        };
        let gains = reached.into_iter().map(|(family, n)| (gain(n), std::cmp::Reverse(family)));
        match gains.max() {
            Some((gain, std::cmp::Reverse(family))) if gain > 0 => {
                let family = family.clone();
                chosen.insert(family);
            }
            _ => return chosen,
        }
    }
}

/// The needs that neither the chosen families nor what is purged again reach.
pub fn open<'a>(
    needs: &'a Needs,
    chosen: &'a BTreeSet<Item>,
    again: &'a BTreeSet<Item>,
) -> impl Iterator<Item = (&'a BTreeSet<Item>, &'a BTreeSet<Item>)> {
    let sent = |item: &Item| chosen.contains(item) || again.contains(item);
    needs.iter().filter(move |(own, families)| {
        let by_family = !families.is_empty() && families.iter().all(sent);
        !by_family && !own.iter().all(|item| again.contains(item))
    })
}

/// The items of what is purged again and of open needs.
pub fn distinct<'a>(
    open: &[(&'a BTreeSet<Item>, &'a BTreeSet<Item>)],
    again: &'a BTreeSet<Item>,
) -> BTreeSet<&'a Item> {
    open.iter().flat_map(|(own, _)| own.iter()).chain(again).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(name: &str) -> Item {
        Item::tag(name).unwrap()
    }

    /// `n` products, named after the families they are in.
    fn products(n: usize, families: &[&str]) -> Needs {
        let families: BTreeSet<_> = families.iter().map(|name| tag(name)).collect();
        let name = |i: usize| tag(&format!("product:{families:?}-{i}").replace([' ', ','], ""));
        (0..n).map(|i| (BTreeSet::from([name(i)]), families.clone())).collect()
    }

    fn chosen(needs: &[Needs], spent: u64, again: &[&str]) -> Vec<String> {
        let needs: Needs =
            needs.iter().flatten().map(|(own, families)| (own.clone(), families.clone())).collect();
        let (budget, costs) = (Budget::new(spent, 1_000, 10.0), Costs::default());
        let again = again.iter().map(|name| tag(name)).collect();
        let pricing = Pricing { budget: &budget, costs: &costs, passes: 1 };
        families(&needs, &again, &pricing).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_change_is_never_worth_a_category_and_two_are_once_items_are_paid() {
        for spent in [0, 1_500, 2_900] {
            assert_eq!(chosen(&[products(1, &["a"])], spent, &[]), [""; 0]);
        }
        assert_eq!(chosen(&[products(2, &["a"])], 1_500, &[]), ["#a"]);
    }

    #[test]
    fn while_items_are_free_and_plenty_it_takes_more_of_them() {
        assert_eq!(chosen(&[products(20, &["a"])], 0, &[]), [""; 0]);
        assert_eq!(chosen(&[products(30, &["a"])], 0, &[]), ["#a"]);
        assert_eq!(chosen(&[products(5, &["a"])], 500, &[]), ["#a"]);
    }

    #[test]
    fn each_category_is_judged_by_itself() {
        let needs = [products(9, &["a"]), products(1, &["b"]), products(9, &["c"])];
        assert_eq!(chosen(&needs, 1_500, &[]), ["#a", "#c"]);
    }

    #[test]
    fn a_product_that_moved_needs_both_categories_or_its_own_tag() {
        let moved = products(3, &["a", "b"]);
        assert_eq!(chosen(std::slice::from_ref(&moved), 1_500, &[]), [""; 0], "neither is worth it alone");
        let needs = [products(9, &["a"]), moved];
        assert_eq!(chosen(&needs, 1_500, &[]), ["#a", "#b"], "with one of them chosen, the other is");
    }

    #[test]
    fn what_no_category_reaches_makes_none_worth_it() {
        assert_eq!(chosen(&[products(500, &[])], 2_900, &[]), [""; 0]);
    }

    #[test]
    fn a_category_that_is_purged_anyway_serves_its_products() {
        let needs = products(2, &["a"]);
        assert_eq!(chosen(std::slice::from_ref(&needs), 1_500, &["a"]), [""; 0]);
        let again = BTreeSet::from([tag("a")]);
        assert_eq!(open(&needs, &BTreeSet::new(), &again).count(), 0);
    }
}
