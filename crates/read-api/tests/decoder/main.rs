//! Whatever a request holds, the answer is one that may be kept as it says, and nothing else.
//!
//! A seed is a request as text: `GET /api/products/b-1?x=1`, then a header a line. An ordinary test run plays the corpus
//! beside each target (`__fuzz__/<target>/corpus`) and random inputs of a second; with
//! `cargo bolero test <target> --package read-api` a coverage-guided fuzzer searches, and adds to the corpus.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod shop;

use std::panic::RefUnwindSafe;

use bytes::Bytes;
use catalog::edge::Item;
use catalog::{Page, Position};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use lambda_support::gateway::Request;
use read_api::Api;
use read_api::list::ListQuery;
use serde_json::Value;

use shop::{PREVIOUS_SECRET, SECRET, shop};

/// A request from text; `None` for what a gateway would not hand on.
fn request(text: &str) -> Option<Request> {
    let mut lines = text.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/api/products/{target}") };
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut request = Request { path: path.to_owned(), query: query.to_owned(), ..Request::default() };
    request.method = Method::from_bytes(method.as_bytes()).ok()?;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        request.headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some(request)
}

/// Two APIs over the same shop. A failed input ends the run, so what a panic leaves behind in them is looked at no more.
struct World {
    runtime: tokio::runtime::Runtime,
    open: Api,
    closed: Api,
}

impl RefUnwindSafe for World {}

impl World {
    fn play(&self, text: &str) {
        let Some(request) = request(text) else { return };
        self.runtime.block_on(async {
            check(&request, &self.open.answer(&request).await, text);
            let shown = request.headers.get("x-origin-secret").map(HeaderValue::as_bytes);
            let answer = self.closed.answer(&request).await;
            let refused = answer.status() == StatusCode::FORBIDDEN;
            let known = [SECRET, PREVIOUS_SECRET].map(|secret| Some(secret.as_bytes()));
            assert_eq!(refused, !known.contains(&shown), "{text}");
            check(&request, &answer, text);
        });
    }
}

#[test]
fn requests() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let world = World { runtime, open: shop(None), closed: shop(Some(SECRET)) };
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        // Most random bytes are no request: they are the last word of a path, a query and a header as well.
        let (word, line) = (text.replace(['\n', '\r'], ""), text.lines().next().unwrap_or_default());
        world.play(&text);
        world.play(&format!("GET /api/products/{word}"));
        world.play(&format!("GET /api/products?{word}"));
        world.play(&format!("GET /api/products?ids=boots-001,{word}"));
        world.play(&format!("GET /api/products/boots-001\nX-Cache-Min-Version: {line}"));
        world.play(&format!("HEAD /api/products/boots-001\nIf-None-Match: {line}\nCache-Control: {line}"));
    });
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn check(request: &Request, answer: &Response<Bytes>, text: &str) {
    let (status, headers) = (answer.status().as_u16(), answer.headers());
    assert!([200, 304, 400, 403, 404, 405, 412].contains(&status), "{status}: {text}");
    header(headers, "x-cache-version").parse::<u64>().unwrap();
    let control = header(headers, "cache-control");
    let kept = control.starts_with("public, ");
    assert!(kept || control.ends_with("no-store"), "{control}: {text}");
    assert!(!kept || [200, 304, 404].contains(&status), "{status}, {control}: {text}");
    let personal = request.headers.contains_key("x-cache-min-version") || request.path.contains("/fresh/");
    assert!(!(kept && personal), "{control}: {text}");
    let tags: Vec<_> = header(headers, "cache-tag").split(',').filter(|tag| !tag.is_empty()).collect();
    assert!(!kept || !tags.is_empty(), "what is kept can be purged: {text}");
    assert!(tags.len() <= 50 && tags.iter().all(|tag| Item::tag(tag).is_ok()), "{tags:?}: {text}");
    let body = &answer.body()[..];
    let empty = request.method == Method::HEAD || status == 304;
    assert!(body.is_empty() == empty, "{status}, {} bytes: {text}", body.len());
    if !empty {
        serde_json::from_slice::<Value>(body).unwrap();
    }
}

#[test]
fn cursors_are_read_back_as_they_were_given_out() {
    bolero::check!().with_type::<(String, String, u16)>().for_each(|(after, category, limit)| {
        let encoded: String = form_urlencoded::byte_serialize(category.as_bytes()).collect();
        let asked = format!("category={encoded}&limit={limit}");
        let Ok(query) = ListQuery::read(&asked) else { return };
        assert_eq!((query.category.as_ref(), query.limit), (Some(category), *limit));
        let position = Position(after.clone());
        let page = Page { items: Vec::new(), next: Some(position.clone()) };
        let rendered: Value = serde_json::from_slice(&query.render(&page)).unwrap();
        let cursor = rendered["next"].as_str().unwrap();
        match ListQuery::read(&format!("{asked}&cursor={cursor}")) {
            Ok(next) => assert_eq!(next.after, Some(position)),
            // No row has an empty key, or one so long.
            Err(_) => assert!(after.is_empty() || cursor.len() > 4_096),
        }
    });
}
