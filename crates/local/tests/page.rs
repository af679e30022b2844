//! The page in a browser, in front of the real stack. The function binaries must be built: `cargo xtask test` does so.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::PathBuf;

use local::{Options, Stack};
use site::browser::{Browser, Device, Page};

/// The folder with the function binaries: where this test's own folder is.
fn binaries() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned()
}

/// Waits until all four levels hold this version, at one price; gives the price.
async fn until_all_hold(page: &Page, version: &str) -> String {
    let texts =
        |part: &str| format!("[...document.querySelectorAll('.level .{part}')].map((e) => e.textContent)");
    let (versions, prices) = (texts("version"), texts("price"));
    page.until(&format!("{versions}.length === 4 && {versions}.every((v) => v === '{version}')"))
        .await
        .unwrap();
    page.until(&format!("!{prices}.includes('–') && new Set({prices}).size === 1")).await.unwrap();
    page.evaluate(&format!("{prices}[0]")).await.unwrap().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_changed_on_the_page_is_shown_by_all_four_levels_in_the_end() {
    let stack = Stack::start(Options::new(binaries())).await.unwrap();
    let browser = Browser::launch().await.unwrap_or_else(|error| panic!("{error}"));
    let device = Device { width: 1200, height: 800, dark: false, still: true };
    let page = browser.open(&stack.endpoints.edge, &device).await.unwrap();
    page.until("/^[0-9]+$/.test(document.querySelector('.level .version').textContent)").await.unwrap();
    let first = page.evaluate("document.querySelector('.level .version').textContent").await.unwrap();
    let first: u64 = first.as_str().unwrap().parse().unwrap();
    let before = until_all_hold(&page, &first.to_string()).await;

    page.evaluate("document.getElementById('write').click()").await.unwrap();
    let after = until_all_hold(&page, &(first + 1).to_string()).await;
    assert_ne!(before, after);
    // The written, streamed, floor, published, purged, stored and seen-here steps of this version.
    page.until("document.querySelectorAll('.steps .done').length === 7").await.unwrap();
    let stale = page.evaluate("document.getElementById('count-stale').textContent").await.unwrap();
    assert_eq!(stale, "0");
    assert_eq!(page.complaints(), Vec::<String>::new());
    browser.close().await;
    stack.stop().await;
}
