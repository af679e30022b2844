//! Whatever a write holds, it is a command for a valid id or is refused with an answer of ordinary size.
//!
//! A seed is a request as text: `PUT /api/admin/products/b-1`, a header a line, an empty line, the body. An ordinary test run
//! plays the corpus beside each target (`__fuzz__/<target>/corpus`) and random inputs of a second; with
//! `cargo bolero test <target> --package write-api` a coverage-guided fuzzer searches, and adds to the corpus.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use cache::Version;
use catalog::{Command, ProductId};
use http::{HeaderName, HeaderValue, Method};
use lambda_support::gateway::Request;
use write_api::decode::{Decoded, decode};

/// A request from text; `None` for what a gateway would not hand on.
fn request(text: &str) -> Option<Request> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let target =
        if target.starts_with('/') { target.to_owned() } else { format!("/api/admin/products/{target}") };
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let mut request = Request { path, body: body.to_owned().into(), ..Request::default() };
    request.method = Method::from_bytes(method.as_bytes()).ok()?;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        request.headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some(request)
}

#[test]
fn requests() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let line = text.lines().next().unwrap_or_default();
        let json = "content-type: application/json";
        for text in [
            text.to_string(),
            format!("PUT b-1\nif-none-match: *\n{json}\n\n{text}"),
            format!("PUT b-1\nif-match: *\n{json}\n\n{text}"),
            format!("PATCH b-1\nif-match: {line}\n{json}\n\n{{\"price_cents\":1}}"),
            format!("PATCH b-1\nif-match: *\ncontent-type: {line}\n\n{{}}"),
            format!("DELETE {line}\nif-match: \"7-00001a2b\"\n"),
        ] {
            let Some(request) = request(&text) else { continue };
            check(decode(&request), &text);
        }
    });
}

fn check(decoded: Result<Decoded, lambda_support::Problem>, text: &str) {
    match decoded {
        Ok(Decoded { id, command }) => {
            assert_eq!(ProductId::parse(id.as_str()), Ok(id));
            if let Command::Create(details) | Command::Replace(details, _) = command {
                let size = details.name.chars().count() + details.category.chars().count();
                assert!(size <= 264 && details.attributes.len() <= 50, "{text}");
            }
        }
        Err(problem) => {
            let answer = problem.answer(Version::ZERO);
            let body = &answer.body()[..];
            assert!(answer.status().is_client_error(), "{}: {text}", answer.status());
            assert_eq!(answer.headers()["cache-control"], "no-store");
            assert!((1..32_000).contains(&body.len()), "{} bytes: {text}", body.len());
        }
    }
}
