use http::StatusCode;

use super::*;
use cache::{FillOutcome, MissReason, Provenance};

fn cursor(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// A page that was just built, and kept or refused by the cache.
fn built(body: Bytes, kept: bool) -> Answer {
    let fill = if kept { FillOutcome::Stored } else { FillOutcome::RefusedToken };
    let provenance = Provenance::Loaded { miss: MissReason::Empty, fill };
    let hash = cache::record::body_hash(&body);
    let content = Content::Live { body, hash };
    let waited = std::time::Duration::ZERO;
    Answer { version: Version::ZERO, content, provenance, settled: true, waited }
}

#[test]
fn a_query_string_names_a_category_a_limit_and_a_cursor_or_nothing() {
    let all = ListQuery { category: None, limit: 24, after: None };
    assert_eq!(ListQuery::read(""), Ok(all));
    let cursor = cursor(r#"{"after":"b-1","category":"Home & Garden"}"#);
    let query = ListQuery::read(&format!("limit=100&category=Home+%26%20Garden&cursor={cursor}")).unwrap();
    let expected = ListQuery {
        category: Some("Home & Garden".to_owned()),
        limit: 100,
        after: Some(Position("b-1".to_owned())),
    };
    assert_eq!(query, expected);
}

#[test]
fn what_cannot_be_answered_is_refused_and_says_why() {
    for limit in ["", "0", "101", "-1", "%2B5", "1.5", "x", "99999999999"] {
        assert_eq!(ListQuery::read(&format!("limit={limit}")), Err(BadQuery::Limit), "{limit:?}");
    }
    for category in ["", &"é".repeat(65)] {
        assert_eq!(ListQuery::read(&format!("category={category}")), Err(BadQuery::Category), "{category:?}");
    }
    assert!(ListQuery::read(&format!("category={}", "é".repeat(64))).is_ok());
    assert_eq!(ListQuery::read("Category=x"), Err(BadQuery::Unknown("Category".to_owned())));
    assert_eq!(ListQuery::read("limit=1&limit=1"), Err(BadQuery::Repeated("limit")));
}

#[test]
fn a_cursor_that_was_never_given_out_for_this_list_is_refused() {
    let long = cursor(&format!(r#"{{"after":"{}","category":null}}"#, "x".repeat(4_000)));
    let never = [
        String::new(),
        "!".to_owned(),
        cursor("{"),
        cursor(r#"{"after":"","category":null}"#),
        cursor(r#"{"after":"a","category":null,"limit":1}"#),
        long,
    ];
    for never in never {
        assert_eq!(ListQuery::read(&format!("cursor={never}")), Err(BadQuery::Cursor), "{never:?}");
    }
    let foreign = cursor(r#"{"after":"a","category":"shoes"}"#);
    assert_eq!(ListQuery::read(&format!("cursor={foreign}")), Err(BadQuery::ForeignCursor));
    assert_eq!(ListQuery::read(&format!("category=hats&cursor={foreign}")), Err(BadQuery::ForeignCursor));
}

#[test]
fn the_cursor_of_a_page_is_read_back_as_where_it_ended() {
    let query = ListQuery::read("category=shoes").unwrap();
    let next = Some(Position("an id of another program".to_owned()));
    let rendered = query.render(&Page { items: Vec::new(), next: next.clone() });
    let response = query.answer(&built(rendered.clone(), true), None);
    assert_eq!(&response.body()[..], &rendered[..]);
    let body: serde_json::Value = serde_json::from_slice(&rendered).unwrap();
    let cursor = body["next"].as_str().unwrap();
    assert_eq!(ListQuery::read(&format!("category=shoes&cursor={cursor}")).unwrap().after, next);
}

#[test]
fn an_answer_says_how_long_it_may_be_kept_and_by_which_tag_it_is_purged() {
    let ask = |known: Option<&HeaderValue>| {
        ListQuery::read("category=Shoes").unwrap().answer(&built(Bytes::from_static(b"{}"), true), known)
    };
    let full = ask(None);
    assert_eq!(header(&full, "cache-control"), "public, max-age=0, s-maxage=1");
    assert_eq!(header(&full, "cache-tag"), "category:shoes");
    assert_eq!(header(&full, "x-cache-version"), "0");
    assert_eq!(header(&full, "content-type"), "application/json");
    let all = ListQuery::read("").unwrap();
    assert_eq!(header(&all.answer(&built(Bytes::from_static(b"{}"), true), None), "cache-tag"), "products");
    let overtaken = all.answer(&built(Bytes::from_static(b"{}"), false), None);
    assert_eq!(header(&overtaken, "cache-control"), "no-store");

    let known = full.headers().get("etag").unwrap();
    let unchanged = ask(Some(known));
    assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
    assert!(unchanged.body().is_empty());
    for name in ["etag", "cache-control", "cache-tag", "x-cache-version"] {
        assert_eq!(header(&unchanged, name), header(&full, name), "{name}");
    }
    assert_eq!(ask(Some(&HeaderValue::from_static("\"list-0-00000000\""))).status(), StatusCode::OK);
}
