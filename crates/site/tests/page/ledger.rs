//! What counts as stale.

use serde_json::json;

use crate::stand_in::StandIn;
use crate::{DESKTOP, launched};

/// Evaluates a script that has a ledger `l` and returns something.
async fn with_a_ledger(script: &str) -> serde_json::Value {
    let stack = StandIn::deployed().await;
    let browser = launched().await;
    let page = browser.open(stack.url(), &DESKTOP).await.unwrap();
    let script =
        format!("import('/ledger.js').then(({{ Ledger }}) => {{ const l = new Ledger(); {script} }})");
    let value = page.evaluate(&script).await.unwrap();
    browser.close().await;
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_judged_by_what_was_known_when_it_was_asked_for() {
    let verdicts = with_a_ledger(
        "const verdicts = [];
        const before = l.known();
        l.step({ step: 'written', version: 2, at_ms: 0 }, 0);
        verdicts.push(l.answer(1, before, 0));
        const between = l.known();
        l.step({ step: 'purged', version: 2, at_ms: 9 }, 9);
        verdicts.push(l.answer(1, between, 9), l.answer(1, l.known(), 9), l.answer(2, l.known(), 9));
        verdicts.push(l.answer(3, l.known(), 9), l.answer(0, l.known(), 9));
        return [verdicts, l.counts];",
    )
    .await;
    let expected = ["current", "travelling", "stale", "current", "current"];
    assert_eq!(verdicts[0].as_array().unwrap()[..5], expected);
    assert_eq!(verdicts[0][5], json!(null), "an answer without a version is not compared");
    assert_eq!(verdicts[1], json!({"current": 3, "travelling": 1, "stale": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_began_again_lower_down_is_not_taken_for_a_table_that_lags() {
    let known = with_a_ledger(
        "l.step({ step: 'purged', version: 9, at_ms: 0 }, 0);
        const early = l.known();
        l.step({ step: 'written', version: 9, at_ms: 0 }, 0);
        l.table(8, early);
        const first = l.known();
        l.table(3, l.known());
        return [first, l.known()];",
    )
    .await;
    assert_eq!(known, json!([{"written": 9, "told": 9}, {"written": 3, "told": 3}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_step_is_measured_on_the_pages_own_clock() {
    let travel = with_a_ledger(
        "l.step({ step: 'streamed', version: 2, at_ms: 1040 }, 55);
        l.step({ step: 'written', version: 2, at_ms: 1000 }, 60);
        l.step({ step: 'streamed', version: 2, at_ms: 1900 }, 61);
        l.answer(2, l.known(), 355);
        l.answer(2, l.known(), 999);
        return [...l.travel(2)].sort();",
    )
    .await;
    assert_eq!(travel, json!([["here", 300], ["streamed", 40], ["written", 0]]));
}
