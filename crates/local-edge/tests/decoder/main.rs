//! Whatever is sent to CloudFront's API or named as an item, it is answered as CloudFront would, in XML that can be read.
//!
//! An ordinary test run plays the corpus beside each target (`__fuzz__/<target>/corpus`) and random inputs of a second; with
//! `cargo bolero test <target> --package local-edge` a coverage-guided fuzzer searches, and adds to the corpus.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use local_edge::{CloudFront, CloudFrontConfig, Edge, EdgeConfig, Item};
use quick_xml::events::Event;
use tower_service::Service;

fn cloudfront() -> CloudFront {
    let edge = Edge::new(EdgeConfig::generic("http://127.0.0.1:1".parse().unwrap())).unwrap();
    CloudFront::new(edge, CloudFrontConfig::new("E1"))
}

#[test]
fn invalidation_batches() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    bolero::check!().for_each(|bytes: &[u8]| {
        runtime.block_on(async {
            let api = cloudfront();
            let request = Request::post("/2020-05-31/distribution/E1/invalidation");
            let mut router = api.router();
            let answer = router.call(request.body(Body::from(bytes.to_vec())).unwrap()).await.unwrap();
            let status = answer.status();
            let xml = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            assert!(status == StatusCode::CREATED || status.is_client_error(), "{status}");
            assert_eq!(
                api.accepted().0,
                u64::from(status == StatusCode::CREATED),
                "refused means not accepted"
            );
            let root = if status == StatusCode::CREATED { "Invalidation" } else { "ErrorResponse" };
            assert_eq!(root_of(&xml), root, "{}", String::from_utf8_lossy(&xml));
        });
    });
}

/// The root element of a document that is well-formed to its end.
fn root_of(xml: &[u8]) -> String {
    let text = std::str::from_utf8(xml).unwrap();
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut root = None;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) if root.is_none() => {
                root = Some(element.local_name().as_ref().to_owned());
            }
            Event::Eof => return root.unwrap(),
            _ => {}
        }
    }
}

#[test]
fn items() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        match Item::parse(&text) {
            Ok(item) => {
                assert!(text.starts_with(['/', '#']) && text.bytes().all(|byte| byte.is_ascii_graphic()));
                assert_eq!(item.is_wildcard(), text.starts_with('/') && text.ends_with('*'));
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}
