//! In front of the local stack.

use site::browser::Key;

use crate::stand_in::{FIRST, StandIn};
use crate::{DESKTOP, assert_no_complaints, launched, opened, texts, until_versions, versions};

const AT_FIRST: &str = "1790000000001";
const THEN: &str = "1790000000002";

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_seen_travelling_from_the_table_to_the_browser() {
    let stack = StandIn::local().await;
    let browser = launched().await;
    let page = opened(&browser, stack.url(), &DESKTOP).await;
    until_versions(&page, [AT_FIRST; 4]).await;

    page.evaluate("document.getElementById('write').click()").await.unwrap();
    until_versions(&page, [THEN, AT_FIRST, AT_FIRST, AT_FIRST]).await;
    assert_eq!(texts(&page, "[data-level=dynamodb] .price, [aria-current] b").await, ["€27.90", "€27.90"]);
    page.until("Number(document.getElementById('count-travelling').textContent) > 0").await.unwrap();
    assert_eq!(texts(&page, "[data-tone=behind] .state").await, ["1 behind"; 3]);

    stack.floor("p-001");
    page.until("document.querySelector('[data-level=valkey] .state').textContent === 'fenced'")
        .await
        .unwrap();
    assert_eq!(versions(&page).await[2..], [AT_FIRST; 2], "the edge has not been told");

    stack.purge("p-001");
    until_versions(&page, [THEN; 4]).await;
    page.until("document.querySelectorAll('.steps .done').length === 7").await.unwrap();
    let steps = texts(&page, ".steps b").await;
    assert_eq!(steps[..5], ["0 ms", "40 ms", "80 ms", "120 ms", "160 ms"]);
    page.until(
        "document.getElementById('news').textContent.startsWith('Version 0002: Valkey told after 80 ms')",
    )
    .await
    .unwrap();
    assert_eq!(texts(&page, "#count-stale").await, ["0"]);
    assert_no_complaints(&page);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_answers_below_what_it_was_told_is_found_out() {
    let stack = StandIn::local().await;
    let browser = launched().await;
    let page = opened(&browser, stack.url(), &DESKTOP).await;
    until_versions(&page, [AT_FIRST; 4]).await;

    assert_eq!(stack.write_past_the_api("p-001", 100), FIRST + 1);
    stack.floor("p-001");
    stack.pretend_to_purge("p-001");
    page.until("Number(document.getElementById('count-stale').textContent) > 0").await.unwrap();
    page.until("document.querySelector('[data-level=browser]').dataset.tone === 'stale'").await.unwrap();
    assert_eq!(texts(&page, "[data-level=browser] .state").await, ["below the mark"]);
    assert_no_complaints(&page);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn products_are_listed_by_category_and_page_by_page() {
    let stack = StandIn::local().await;
    let browser = launched().await;
    let page = opened(&browser, stack.url(), &DESKTOP).await;
    page.until("document.querySelectorAll('#categories a').length === 4").await.unwrap();
    assert_eq!(texts(&page, "#categories a").await, ["All", "boots", "lamps", "maps & charts"]);
    assert_eq!(texts(&page, "#items a").await.len(), 24);

    for expected in [48, 60] {
        page.evaluate("document.getElementById('more').click()").await.unwrap();
        page.until(&format!("document.querySelectorAll('#items a').length === {expected}")).await.unwrap();
    }
    page.until("document.getElementById('more').hidden").await.unwrap();

    page.evaluate("document.querySelector('#categories a:last-child').click()").await.unwrap();
    page.until("document.querySelectorAll('#items a').length === 20").await.unwrap();
    let categories = texts(&page, "#items small").await;
    assert!(categories.iter().all(|category| category == "maps & charts"), "{categories:?}");
    assert_eq!(texts(&page, "#product-name").await, ["Product 1"], "the product shown stays");
    assert_no_complaints(&page);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_names_what_is_shown() {
    let stack = StandIn::local().await;
    let browser = launched().await;
    let page = opened(&browser, &format!("{}#/lamps/p-007", stack.url()), &DESKTOP).await;
    page.until("document.getElementById('product-name').textContent === 'Product 7'").await.unwrap();
    page.until("document.querySelectorAll('#items a').length === 20").await.unwrap();
    assert_eq!(texts(&page, "#items [aria-current] span").await, ["Product 7"]);

    page.evaluate("document.querySelector('#items li:nth-child(2) a').click()").await.unwrap();
    page.until("document.getElementById('product-name').textContent === 'Product 4'").await.unwrap();
    assert_eq!(page.evaluate("location.hash").await.unwrap(), "#/lamps/p-004");
    page.evaluate("history.back()").await.unwrap();
    page.until("document.getElementById('product-name').textContent === 'Product 7'").await.unwrap();
    assert_no_complaints(&page);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_chooses_a_product_and_changes_its_price() {
    let stack = StandIn::local().await;
    let browser = launched().await;
    let page = opened(&browser, stack.url(), &DESKTOP).await;
    until_versions(&page, [AT_FIRST; 4]).await;

    let focused = async |what: &str| {
        for _ in 0..40 {
            page.press(Key::Tab).await.unwrap();
            let script = format!("document.activeElement.matches({what:?})");
            if page.evaluate(&script).await.unwrap() == true {
                let outline = "getComputedStyle(document.activeElement).outlineStyle";
                assert_eq!(page.evaluate(outline).await.unwrap(), "solid", "the focus on {what} is seen");
                return;
            }
        }
        panic!("Tab does not lead to {what}");
    };
    focused("#items li:nth-child(3) a").await;
    page.press(Key::Enter).await.unwrap();
    page.until("document.getElementById('product-name').textContent === 'Product 3'").await.unwrap();
    page.until("document.activeElement.id === 'product-name'").await.unwrap();
    until_versions(&page, [AT_FIRST; 4]).await;

    focused("#write").await;
    page.press(Key::Space).await.unwrap();
    until_versions(&page, [THEN, AT_FIRST, AT_FIRST, AT_FIRST]).await;
    page.press(Key::Enter).await.unwrap();
    until_versions(&page, ["1790000000003", AT_FIRST, AT_FIRST, AT_FIRST]).await;
    assert_eq!(page.evaluate("document.activeElement.id").await.unwrap(), "write", "the focus stays");
    assert_no_complaints(&page);
    browser.close().await;
}
