//! The month's budget.

use std::time::Duration;

use catalog::edge::{Ledger, Month};
use serde_json::{Value, json};

use crate::support::{START, bench, event, first, updated};

async fn report_of(bench: &crate::support::Bench, event: Value) -> Value {
    bench.handle(event).await.unwrap()
}

#[tokio::test]
async fn what_is_accepted_is_counted_and_nothing_else() {
    let bench = bench(&[]);
    bench.edge.answers([Err(crate::support::busy())]);
    let batch = ["a", "b"].map(|id| first(id, &updated(id, 7)));
    bench.deliver(&batch).await;
    assert_eq!(bench.ledger.spent(&Month::of(START)).await, Ok(0));
    bench.deliver(&batch).await;
    assert_eq!(bench.ledger.spent(&Month::of(START)).await, Ok(2));
}

#[tokio::test]
async fn at_the_limit_answers_are_left_to_their_time_and_the_next_month_purges_again() {
    let bench = bench(&[("FREE_ITEMS", "1"), ("MONTHLY_BUDGET_USD", "0.005")]);
    bench.ledger.spend(&Month::of(START), 1).await.unwrap();
    let report = report_of(&bench, updated("a", 7)).await;
    assert_eq!((&report["items"], &report["spent"], &report["allowance"]), (&json!(1), &json!(2), &json!(2)));
    let report = report_of(&bench, updated("b", 7)).await;
    assert_eq!((&report["items"], &report["budget_spent"]), (&json!(0), &json!(1)));
    assert_eq!(
        bench.deliver(&[first("m1", &updated("c", 7))]).await,
        [""; 0],
        "acknowledged: nothing will change it"
    );
    assert_eq!(bench.edge.calls().len(), 1);
    bench.clock.advance(Duration::from_secs(11 * 86_400));
    let mut later = updated("b", 8);
    later["time"] = json!("2026-12-01T10:00:00Z");
    assert_eq!(report_of(&bench, later).await["items"], json!(1));
}

#[tokio::test]
async fn near_the_limit_purges_are_coarser() {
    let items = async |spent| {
        let bench = bench(&[("ALL_ANSWERS", "20000")]);
        bench.ledger.spend(&Month::of(START), spent).await.unwrap();
        let batch =
            ["a", "b", "c"].map(|id| first(id, &event(id, 7, "updated", &[&format!("category:{id}")])));
        bench.deliver(&batch).await;
        bench.edge.items().concat()
    };
    assert_eq!(items(1_200).await, ["#product:a", "#product:b", "#product:c"]);
    assert_eq!(items(2_400).await, ["/api/products/*"]);
}

#[tokio::test]
async fn without_the_ledger_purges_go_on_until_this_process_has_spent_the_budget_itself() {
    let bench = bench(&[("FREE_ITEMS", "2"), ("MONTHLY_BUDGET_USD", "0")]);
    bench.ledger.set_broken(true);
    for (id, sent) in [("a", 1), ("b", 1), ("c", 0)] {
        assert_eq!(report_of(&bench, updated(id, 7)).await["items"], json!(sent), "{id}");
    }
    bench.ledger.set_broken(false);
    assert_eq!(report_of(&bench, updated("c", 7)).await["items"], json!(1), "the ledger knows better");
}
