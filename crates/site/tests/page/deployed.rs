//! Deployed: the API and nothing else.

use crate::stand_in::StandIn;
use crate::{DESKTOP, assert_no_complaints, launched, opened, texts, until_versions};

#[tokio::test(flavor = "multi_thread")]
async fn without_the_local_stack_every_level_is_asked_through_the_api_and_local_parts_are_hidden() {
    let stack = StandIn::deployed().await;
    let browser = launched().await;
    let page = opened(&browser, stack.url(), &DESKTOP).await;
    until_versions(&page, ["1790000000001"; 4]).await;
    let shown = page
        .evaluate("[...document.querySelectorAll('[data-local]')].filter((e) => e.checkVisibility()).length");
    assert_eq!(shown.await.unwrap(), 0);

    stack.write_past_the_api("p-001", 4_200);
    page.evaluate("document.getElementById('read').click()").await.unwrap();
    until_versions(&page, ["1790000000002", "1790000000001", "1790000000001", "1790000000001"]).await;
    assert_eq!(texts(&page, "[data-level=dynamodb] .price").await, ["€42.00"]);
    page.until("document.getElementById('count-travelling').textContent === '1'").await.unwrap();

    stack.floor("p-001");
    stack.purge("p-001");
    page.evaluate("document.getElementById('read').click()").await.unwrap();
    until_versions(&page, ["1790000000002"; 4]).await;
    assert_no_complaints(&page);
    browser.close().await;
}
