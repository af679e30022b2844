//! The page in a browser, in front of a stand-in for the API and the local stack.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod accessible;
mod deployed;
mod ledger;
mod local;
mod stand_in;

use serde_json::Value;
use site::browser::{Browser, Device, Page};

const DESKTOP: Device = Device { width: 1200, height: 800, dark: false, still: true };
const PHONE: Device = Device { width: 320, height: 640, ..DESKTOP };

/// A browser; without one no test here can say anything, and this says what to install.
async fn launched() -> Browser {
    Browser::launch().await.unwrap_or_else(|error| panic!("{error}"))
}

/// Opens the page and waits until it shows a product.
async fn opened(browser: &Browser, url: &str, device: &Device) -> Page {
    let page = browser.open(url, device).await.unwrap();
    page.until("document.querySelector('[data-level=browser] .price').textContent !== '–'").await.unwrap();
    page
}

async fn texts(page: &Page, selector: &str) -> Vec<String> {
    let script = format!("[...document.querySelectorAll({selector:?})].map((e) => e.textContent)");
    let Value::Array(texts) = page.evaluate(&script).await.unwrap() else { panic!("no array") };
    texts.into_iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The versions shown, from the table to the browser.
async fn versions(page: &Page) -> Vec<String> {
    texts(page, ".level .version").await
}

/// Waits until the versions shown are these.
async fn until_versions(page: &Page, expected: [&str; 4]) {
    let shown = "[...document.querySelectorAll('.level .version')].map((e) => e.textContent).join(' ')";
    page.until(&format!("{shown} === {:?}", expected.join(" "))).await.unwrap();
}

fn assert_no_complaints(page: &Page) {
    assert_eq!(page.complaints(), Vec::<String>::new());
}
