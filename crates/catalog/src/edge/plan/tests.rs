//! The plan, case by case.

use super::*;
use cache::Version;

const NOW: UnixMillis = 1_790_000_000_000;

fn rules(mode: Mode) -> Rules {
    let longest_stored = Duration::from_secs(690);
    Rules { mode, passes: 1, longest_stored, limits: Limits::default(), costs: Costs::default() }
}

fn tags(names: &[&str]) -> BTreeSet<Item> {
    names.iter().map(|name| Item::tag(name).unwrap()).collect()
}

/// An ordered change of a product in these categories.
fn update(id: &str, version: u64, families: &[&str]) -> Update {
    Update {
        id: ProductId::parse(id).unwrap(),
        version: Version(version),
        ordered: true,
        families: tags(families),
        paths: BTreeSet::from([Item::path(&format!("/api/products/{id}")).unwrap()]),
        written_at: NOW - 2_000,
        published_at: Some(NOW - 1_000),
    }
}

/// A change that makes "no such product" old.
fn created(id: &str) -> Update {
    Update { ordered: false, ..update(id, 1, &[]) }
}

fn many(n: usize, families: &[&str]) -> Vec<Order> {
    (0..n)
        .map(|i| Order::Update(update(&format!("{}{i}", families.concat().replace(':', "-")), 5, families)))
        .collect()
}

fn paid(spent: u64) -> Budget {
    Budget::new(spent, 1_000, 10.0)
}

fn planned(orders: &[Order], mode: Mode, spent: u64) -> Plan {
    plan(orders, &HashMap::new(), &rules(mode), &paid(spent), NOW)
}

fn items(plan: &Plan) -> Vec<&str> {
    plan.items.iter().map(Item::as_str).collect()
}

#[test]
fn many_changes_of_a_product_are_one_item() {
    let orders = [4, 7, 5].map(|version| Order::Update(update("B-1", version, &["a"])));
    let by_tag = planned(&orders, Mode::Tag, 0);
    assert_eq!(items(&by_tag), ["#product:b-1"]);
    assert_eq!(by_tag.fates, vec![Fate::Purge(Reach::Own, vec![0]); 3]);
    assert_eq!(items(&planned(&orders, Mode::Path, 0)), ["/api/products/B-1"]);
    assert_eq!(items(&planned(&[], Mode::Tag, 0)), [""; 0]);
}

#[test]
fn without_purging_everything_is_left_to_its_time() {
    let orders = [Order::Update(created("a")), Order::Again(tags(&["product:a"]))];
    let plan = planned(&orders, Mode::TtlOnly, 0);
    assert_eq!(items(&plan), [""; 0]);
    assert_eq!(plan.fates, [Fate::Nothing(Reason::TtlOnly), Fate::Nothing(Reason::TtlOnly)]);
}

#[test]
fn what_was_purged_for_a_later_version_is_done_unless_no_version_orders_it() {
    let orders = [Order::Update(update("a", 5, &["c"])), Order::Update(created("a"))];
    let of_a = Purged { version: Version(9), written_at: NOW };
    let purged = HashMap::from([(ProductId::parse("a").unwrap(), of_a)]);
    let plan = plan(&orders, &purged, &rules(Mode::Tag), &paid(0), NOW);
    assert_eq!(items(&plan), ["#product:a"]);
    assert_eq!(plan.fates, [Fate::Nothing(Reason::AlreadyPurged), Fate::Purge(Reach::Own, vec![0])]);
}

#[test]
fn what_was_published_before_anything_still_stored_is_done() {
    let published = |at| Order::Update(Update { published_at: at, ..created("a") });
    let orders = [published(Some(NOW - 690_001)), published(Some(NOW - 690_000)), published(None)];
    let plan = planned(&orders, Mode::Tag, 0);
    assert_eq!(plan.fates[0], Fate::Nothing(Reason::TooOld));
    let sent = Fate::Purge(Reach::Own, vec![0]);
    assert_eq!(plan.fates[1..], [sent.clone(), sent]);
}

#[test]
fn a_created_product_keeps_its_own_item_beside_its_category() {
    let mut orders = many(10, &["category:a"]);
    orders.push(Order::Update(created("new")));
    let plan = planned(&orders, Mode::Tag, 1_500);
    assert_eq!(items(&plan), ["#category:a", "#product:new"]);
    assert_eq!(plan.fates[0], Fate::Purge(Reach::Family, vec![0]));
    assert_eq!(plan.fates[10], Fate::Purge(Reach::Own, vec![1]));
}

#[test]
fn a_product_that_was_created_and_changed_in_one_batch_keeps_its_own_item() {
    let mut orders = many(10, &["category:a"]);
    orders.push(Order::Update(created("new")));
    orders.push(Order::Update(update("new", 2, &["category:a"])));
    for _ in 0..2 {
        assert_eq!(items(&planned(&orders, Mode::Tag, 1_500)), ["#category:a", "#product:new"]);
        orders.reverse();
    }
}

#[test]
fn a_product_that_moved_is_reached_by_both_categories_or_by_itself() {
    let mut orders = many(10, &["category:a"]);
    orders.push(Order::Update(update("moved", 5, &["category:a", "category:b"])));
    let plan = planned(&orders, Mode::Tag, 1_500);
    assert_eq!(items(&plan), ["#category:a", "#product:moved"]);
    orders.extend(many(10, &["category:b"]));
    let plan = planned(&orders, Mode::Tag, 1_500);
    assert_eq!(items(&plan), ["#category:a", "#category:b"]);
    assert_eq!(plan.fates[10], Fate::Purge(Reach::Family, vec![0, 1]));
}

#[test]
fn near_the_limit_everything_goes_at_once_where_single_categories_went_before() {
    let orders: Vec<_> = ["a", "b", "c", "d"].iter().flat_map(|name| many(5, &[name])).collect();
    assert_eq!(items(&planned(&orders, Mode::Tag, 2_399 - 20)).len(), 4);
    let near = planned(&orders, Mode::Tag, 2_400);
    assert_eq!(items(&near), ["/api/products/*"]);
    assert_eq!(near.fates[0], Fate::Purge(Reach::Everything, vec![0]));
}

#[test]
fn more_paths_than_may_be_under_way_are_one_wildcard() {
    let mut rules = rules(Mode::Path);
    rules.limits.items = 30;
    let of =
        |n: usize, rules: &Rules| plan(&many(n, &["a"]), &HashMap::new(), rules, &paid(0), NOW).items.len();
    assert_eq!((of(30, &rules), of(31, &rules)), (30, 1));
    rules.limits.wildcards = 0;
    assert_eq!(of(31, &rules), 31, "where wildcards are not allowed");
}

#[test]
fn the_last_items_of_the_budget_are_a_wildcard_or_reach_as_many_as_they_can() {
    let mut orders = many(1, &["a"]);
    orders.extend(many(1, &["b"]));
    assert_eq!(items(&planned(&orders, Mode::Tag, 2_999)), ["/api/products/*"]);

    let mut rules = rules(Mode::Tag);
    rules.limits.wildcards = 0;
    let second = Order::Again(tags(&["product:z"]));
    orders.push(second);
    let plan = plan(&orders, &HashMap::new(), &rules, &paid(2_998), NOW);
    assert_eq!(items(&plan), ["#product:a0", "#product:z"], "a second purge first");
    let spent = Fate::Nothing(Reason::BudgetSpent);
    assert_eq!(plan.fates, [Fate::Purge(Reach::Own, vec![0]), spent, Fate::Purge(Reach::Own, vec![1])]);
}

#[test]
fn at_the_limit_nothing_is_sent_and_it_is_said() {
    let plan = planned(&many(2, &["a"]), Mode::Tag, 3_000);
    assert_eq!((plan.items.len(), plan.fates), (0, vec![Fate::Nothing(Reason::BudgetSpent); 2]));
    let mut rules = rules(Mode::Tag);
    rules.passes = 2;
    let plan = super::plan(&many(1, &["a"]), &HashMap::new(), &rules, &paid(2_999), NOW);
    assert_eq!(plan.fates, [Fate::Nothing(Reason::BudgetSpent)], "half of a double purge is not begun");
}

#[test]
fn a_second_purge_joins_the_first_ones_of_others() {
    let orders = [
        Order::Again(tags(&["product:a", "category:c"])),
        Order::Update(update("a", 5, &["category:x"])),
        Order::Update(update("b", 5, &["category:c"])),
    ];
    let plan = planned(&orders, Mode::Tag, 0);
    assert_eq!(items(&plan), ["#category:c", "#product:a"]);
    assert_eq!(
        plan.fates,
        [
            Fate::Purge(Reach::Own, vec![0, 1]),
            Fate::Purge(Reach::Own, vec![1]),
            Fate::Purge(Reach::Family, vec![0]),
        ]
    );
    let wildcard = [Order::Again(BTreeSet::from([Item::every_product()])), orders[1].clone()];
    assert_eq!(items(&planned(&wildcard, Mode::Tag, 0)), ["/api/products/*"]);
}
