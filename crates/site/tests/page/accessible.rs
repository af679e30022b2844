//! For everyone: small screens, few colours, little motion, no sight.

use serde_json::{Value, json};
use site::browser::Device;

use crate::stand_in::StandIn;
use crate::{DESKTOP, PHONE, assert_no_complaints, launched, opened};

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_of_320_pixels_scrolls_in_one_direction_only() {
    let stack = StandIn::local().await;
    let browser = launched().await;
    for device in [PHONE, Device { dark: true, ..PHONE }] {
        let page = opened(&browser, stack.url(), &device).await;
        let width = page.evaluate("document.documentElement.scrollWidth").await.unwrap();
        assert_eq!(width, 320);
        let cut = "[...document.querySelectorAll('main *')].filter((e) => e.checkVisibility() && !e.closest('.basin')
            && !e.matches('.items span, .sr') && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
            .map((e) => e.outerHTML)";
        assert_eq!(page.evaluate(cut).await.unwrap(), json!([]), "nothing is cut off");
        let small = "[...document.querySelectorAll('button')].filter((e) => e.checkVisibility())
            .map((e) => e.getBoundingClientRect().height).filter((height) => height < 44)";
        assert_eq!(page.evaluate(small).await.unwrap(), json!([]), "buttons suit a thumb");
        assert_no_complaints(&page);
    }
    browser.close().await;
}

/// WCAG 2.2, success criterion 1.4.3: 4.5 to 1, or 3 to 1 for large text.
#[tokio::test(flavor = "multi_thread")]
async fn text_stands_out_from_its_background_by_day_and_by_night() {
    let stack = StandIn::local().await;
    let browser = launched().await;
    for device in [DESKTOP, Device { dark: true, ..DESKTOP }] {
        let page = opened(&browser, stack.url(), &device).await;
        let faint = page.evaluate(include_str!("contrast.js")).await.unwrap();
        assert_eq!(faint, json!([]), "dark: {}", device.dark);
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_for_those_who_prefer_that() {
    let stack = StandIn::local().await;
    let browser = launched().await;
    let moving = "document.getAnimations().length";
    let page = opened(&browser, stack.url(), &DESKTOP).await;
    assert_eq!(page.evaluate(moving).await.unwrap(), 0);
    let page = opened(&browser, stack.url(), &Device { still: false, ..DESKTOP }).await;
    assert!(page.evaluate(moving).await.unwrap().as_u64() > Some(0), "the water swells for everyone else");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_can_be_operated_has_a_name_and_what_changes_is_announced() {
    let stack = StandIn::local().await;
    let browser = launched().await;
    let page = opened(&browser, stack.url(), &DESKTOP).await;
    let nameless = "[...document.querySelectorAll('a, button, input')]
        .filter((e) => !(e.textContent.trim() || e.labels?.[0]?.textContent.trim())).map((e) => e.outerHTML)";
    assert_eq!(page.evaluate(nameless).await.unwrap(), json!([]));
    let live = "document.querySelectorAll('[aria-live=polite], [role=alert]').length >= 2";
    assert_eq!(page.evaluate(live).await.unwrap(), Value::Bool(true));
    let headings = "[...document.querySelectorAll('h1, h2, h3')].map((e) => e.tagName).join(' ')";
    assert_eq!(page.evaluate(headings).await.unwrap(), "H1 H2 H3 H3 H3 H3 H2");
    browser.close().await;
}
