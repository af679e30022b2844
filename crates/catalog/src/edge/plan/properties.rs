//! What holds for every plan.

use super::*;
use cache::Version;
use proptest::prelude::*;

const NOW: UnixMillis = 1_790_000_000_000;

/// An answer the edge may hold: where it is stored, and its tags.
struct Answer {
    path: String,
    tags: Vec<Item>,
}

/// Every kind of answer an update may have made old.
fn old_answers(update: &Update) -> Vec<Answer> {
    let own = Item::product(&update.id);
    let path = format!("/api/products/{}", update.id);
    let tagged = |tags: Vec<Item>, query: &str| Answer { path: format!("{path}{query}"), tags };
    let mut answers: Vec<_> = update
        .families
        .iter()
        .map(|family| tagged(vec![own.clone(), family.clone()], "?currency=EUR"))
        .collect();
    if answers.is_empty() {
        answers.push(tagged(vec![own], "?currency=EUR"));
    }
    answers
}

fn covered(answer: &Answer, items: &[&Item]) -> bool {
    items.iter().any(|item| {
        let text = item.as_str();
        let by_prefix = text.strip_suffix('*').is_some_and(|prefix| answer.path.starts_with(prefix));
        by_prefix || text == answer.path || answer.tags.contains(item)
    })
}

/// Mostly few products in few categories, so that coarsening and merging happen. Ids that differ in case share a tag.
fn an_update() -> impl Strategy<Value = Update> {
    let id = prop_oneof![4 => (0..40_u32).prop_map(|i| format!("p{i}")), 1 => (0..3_u32).prop_map(|i| format!("P{i}"))];
    let families =
        prop::collection::btree_set((0..4_u32).prop_map(|i| Item::tag(&format!("c{i}")).unwrap()), 0..3);
    let published = prop_oneof![Just(None), (0..800_u64).prop_map(|s| Some(NOW - s * 1_000))];
    (id, 1..9_u64, any::<bool>(), families, 0..9_u64, published).prop_map(
        |(id, version, ordered, families, written, published_at)| Update {
            paths: BTreeSet::from([Item::path(&format!("/api/products/{id}")).unwrap()]),
            id: ProductId::parse(&id).unwrap(),
            version: Version(version),
            ordered,
            families,
            written_at: NOW - written,
            published_at,
        },
    )
}

fn an_order() -> impl Strategy<Value = Order> {
    let again = prop_oneof![
        9 => (0..40_u32).prop_map(|i| Item::tag(&format!("product:p{i}")).unwrap()),
        2 => (0..4_u32).prop_map(|i| Item::tag(&format!("c{i}")).unwrap()),
        1 => Just(Item::every_product()),
    ];
    prop_oneof![
        12 => an_update().prop_map(Order::Update),
        1 => prop::collection::btree_set(again, 1..3).prop_map(Order::Again),
    ]
}

fn some_rules() -> impl Strategy<Value = Rules> {
    let mode = prop_oneof![4 => Just(Mode::Tag), 2 => Just(Mode::Path), 1 => Just(Mode::TtlOnly)];
    let limits = (1..80_usize, 0..2_usize).prop_map(|(items, wildcards)| Limits { items, wildcards });
    let costs = (0..9_000_u64, 0..2_000_u64, 0..200_000_u64);
    let costs =
        costs.prop_map(|(item, family_answers, all_answers)| Costs { item, family_answers, all_answers });
    (mode, 1..3_u64, limits, costs).prop_map(|(mode, passes, limits, costs)| Rules {
        mode,
        passes,
        longest_stored: Duration::from_secs(690),
        limits,
        costs,
    })
}

fn a_budget() -> impl Strategy<Value = Budget> {
    prop_oneof![
        3 => (0..3_000_u64).prop_map(|spent| Budget::new(spent, 1_000, 10.0)),
        1 => (2_980..3_010_u64).prop_map(|spent| Budget::new(spent, 1_000, 10.0)),
    ]
}

fn some_purges() -> impl Strategy<Value = HashMap<ProductId, Purged>> {
    let id = (0..40_u32).prop_map(|i| ProductId::parse(&format!("p{i}")).unwrap());
    let purged = (0..9_u64, 0..9_u64);
    let purged = purged.prop_map(|(version, at)| Purged { version: Version(version), written_at: NOW - at });
    prop::collection::hash_map(id, purged, 0..20)
}

type Case = (Vec<Order>, HashMap<ProductId, Purged>, Rules, Budget);

fn a_case() -> impl Strategy<Value = Case> {
    (prop::collection::vec(an_order(), 0..80), some_purges(), some_rules(), a_budget())
}

fn plan_of((orders, purged, rules, budget): &Case) -> Plan {
    plan(orders, purged, rules, budget, NOW)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_items_of_an_updates_fate_cover_every_answer_it_made_old(case in a_case()) {
        let plan = plan_of(&case);
        prop_assert_eq!(plan.fates.len(), case.0.len());
        for (order, fate) in case.0.iter().zip(&plan.fates) {
            let Fate::Purge(_, places) = fate else { continue };
            let items: Vec<_> = places.iter().map(|place| &plan.items[*place]).collect();
            match order {
                Order::Update(update) if case.2.mode == Mode::Path => {
                    let covered = |path| covered(&Answer { path, tags: vec![] }, &items);
                    prop_assert!(update.paths.iter().all(|path| covered(path.to_string())), "{:?}", plan.items);
                }
                Order::Update(update) => {
                    let answers = old_answers(update);
                    prop_assert!(answers.iter().all(|answer| covered(answer, &items)), "{update:?} {items:?}");
                }
                Order::Again(again) => {
                    let everything = items.iter().any(|item| **item == Item::every_product());
                    prop_assert!(everything || again.iter().all(|item| items.contains(&item)));
                }
            }
        }
    }

    #[test]
    fn nothing_is_set_aside_without_a_reason_that_holds(case in a_case()) {
        let plan = plan_of(&case);
        let (orders, purged, rules, budget) = &case;
        for (order, fate) in orders.iter().zip(&plan.fates) {
            let Fate::Nothing(reason) = fate else { continue };
            let holds = match (reason, order) {
                (Reason::TtlOnly, _) => rules.mode == Mode::TtlOnly,
                (Reason::TooOld, Order::Update(update)) => update.published_at.unwrap() < NOW - 690_000,
                (Reason::AlreadyPurged, Order::Update(update)) => {
                    let purged = purged[&update.id];
                    update.ordered && update.version <= purged.version && update.written_at <= purged.written_at
                }
                (Reason::BudgetSpent, _) => {
                    let affordable = budget.remaining() / rules.passes;
                    affordable == plan.items.len() as u64 && (affordable == 0 || rules.limits.wildcards == 0)
                }
                (_, Order::Again(_)) => false,
            };
            prop_assert!(holds, "{order:?} {reason:?} {budget:?}");
        }
    }

    #[test]
    fn there_are_never_more_items_than_one_path_per_change_nor_than_the_budget_pays(case in a_case()) {
        let plan = plan_of(&case);
        let orders = case.0.iter().map(|order| match order {
            Order::Update(update) => update.paths.len(),
            Order::Again(items) => items.len(),
        });
        prop_assert!(plan.items.len() <= orders.sum());
        prop_assert!(plan.items.len() as u64 * case.2.passes <= case.3.remaining());
        prop_assert!(plan.items.is_sorted() && plan.items.windows(2).all(|pair| pair[0] != pair[1]));
        let used: BTreeSet<_> = plan.fates.iter().flat_map(|fate| match fate {
            Fate::Purge(_, places) => places.clone(),
            Fate::Nothing(_) => vec![],
        }).collect();
        let cut = plan.fates.contains(&Fate::Nothing(Reason::BudgetSpent));
        prop_assert!(cut || used.len() == plan.items.len(), "every item serves an order, unless the budget cut them");
    }

    #[test]
    fn the_order_of_the_changes_does_not_matter(case in a_case(), turn in 0..80_usize) {
        let plan = plan_of(&case);
        prop_assert_eq!(&plan, &plan_of(&case), "the same again");
        let mut other = case;
        let turn = turn.min(other.0.len());
        other.0.rotate_left(turn);
        other.0.reverse();
        let mut turned = plan_of(&other);
        turned.fates.reverse();
        turned.fates.rotate_right(turn);
        prop_assert_eq!(plan, turned);
    }
}
