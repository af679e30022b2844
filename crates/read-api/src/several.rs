//! Several products at once: `GET /api/products?ids=a,b,c`.
//!
//! The answer is `{"items": [...], "missing": ["b"], "failed": []}`: products in the order asked, ids there is no product
//! of, and ids that could not be read just now. Each product is as it would be read alone, at its own version.

use cache::{Answer, Content, GetError, Storable, Version};
use catalog::tags::product_tag;
use catalog::{InvalidId, ProductId, Representation};
use http::{HeaderValue, Response, StatusCode, header};
use lambda_http::Body;
use lambda_support::VERSION_HEADER;

use crate::handler::{CACHE_TAG, set, text};
use crate::list::brief;

/// The most ids at once: an answer carries one tag for each, and CloudFront keeps no more than 50.
pub const MAX_IDS: usize = 50;

/// Why a query string names no products.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadIds {
    /// There is something beside them.
    #[error("ids stands alone: leave out every other parameter, and give it once")]
    NotAlone,
    /// There are none, or too many.
    #[error("ids takes 1 to {MAX_IDS} ids, separated by commas; there are {0}")]
    Count(usize),
    /// One cannot be a product's.
    #[error(transparent)]
    Id(#[from] InvalidId),
}

/// The products a query string names; `None` if it asks for something else.
pub fn read_ids(query: &str) -> Option<Result<Vec<ProductId>, BadIds>> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let ids = pairs.clone().find(|(name, _)| name == "ids")?.1;
    if pairs.nth(1).is_some() {
        return Some(Err(BadIds::NotAlone));
    }
    let named: Vec<&str> = ids.split(',').filter(|id| !id.is_empty()).collect();
    if !(1..=MAX_IDS).contains(&named.len()) {
        return Some(Err(BadIds::Count(named.len())));
    }
    Some(named.into_iter().map(|id| ProductId::parse(id).map_err(BadIds::from)).collect())
}

/// The answer: 200, or 503 if nothing at all could be read.
pub fn answer(ids: &[ProductId], results: &[Result<Answer, GetError>]) -> Response<Body> {
    let (mut items, mut missing, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let mut storable = Storable::Yes;
    for (id, result) in ids.iter().zip(results) {
        match result {
            Ok(answer) => {
                if answer.storable() == Storable::No {
                    storable = Storable::No;
                }
                match &answer.content {
                    Content::Live { body, .. } => items.push(Representation::from_stored(body.clone())),
                    Content::Absent => missing.push(id.as_str()),
                }
            }
            Err(error) => {
                tracing::error!(product = %id, error = %error, "one of several products could not be read");
                storable = Storable::No;
                failed.push(id.as_str());
            }
        }
    }
    let mut body = b"{\"items\":[".to_vec();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        body.extend_from_slice(item.body());
    }
    let rest = serde_json::json!({ "missing": missing, "failed": failed }).to_string();
    body.extend_from_slice(b"],");
    body.extend_from_slice(&rest.as_bytes()[1..]);
    let mut response = Response::new(text(&body));
    if failed.len() == ids.len() {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let headers = response.headers_mut();
    let tags: Vec<String> = ids.iter().map(product_tag).collect();
    set(headers, header::CACHE_CONTROL, brief(storable));
    set(headers, CACHE_TAG, &tags.join(","));
    headers.insert(VERSION_HEADER, HeaderValue::from(Version::ZERO.0));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use cache::{FillOutcome, LoadError, MissReason, Provenance};

    fn found(body: &'static str) -> Result<Answer, GetError> {
        Ok(Answer {
            version: Version(7),
            content: Content::Live { body: Bytes::from_static(body.as_bytes()), hash: 1 },
            provenance: Provenance::Loaded { miss: MissReason::Empty, fill: FillOutcome::Stored },
            settled: true,
        })
    }

    fn absent() -> Result<Answer, GetError> {
        found("").map(|answer| Answer { content: Content::Absent, version: Version::ZERO, ..answer })
    }

    fn failed() -> Result<Answer, GetError> {
        Err(LoadError::Unavailable("down".into()).into())
    }

    fn ids(names: &str) -> Vec<ProductId> {
        read_ids(&format!("ids={names}")).unwrap().unwrap()
    }

    fn body(response: &Response<Body>) -> serde_json::Value {
        serde_json::from_slice(response.body()).unwrap()
    }

    #[test]
    fn ids_are_read_in_their_order_and_stand_alone() {
        assert_eq!(ids("b,a%2C,c").iter().map(ProductId::as_str).collect::<Vec<_>>(), ["b", "a", "c"]);
        assert_eq!(read_ids("category=shoes"), None);
        assert_eq!(read_ids("ids=a&limit=1"), Some(Err(BadIds::NotAlone)));
        assert_eq!(read_ids("ids=a&ids=b"), Some(Err(BadIds::NotAlone)));
        assert_eq!(read_ids("ids="), Some(Err(BadIds::Count(0))));
        assert_eq!(read_ids(&format!("ids={}", ["a"; 51].join(","))), Some(Err(BadIds::Count(51))));
        assert!(matches!(read_ids("ids=a,b%20c"), Some(Err(BadIds::Id(_)))));
    }

    #[test]
    fn what_is_there_what_is_not_and_what_failed_are_told_apart() {
        let ids = ids("a,b,c,d");
        let results = [found("product:a\n{\"id\":\"a\"}"), absent(), failed(), found("{\"id\":\"d\"}")];
        let response = answer(&ids, &results);
        let expected =
            serde_json::json!({ "items": [{"id": "a"}, {"id": "d"}], "missing": ["b"], "failed": ["c"] });
        assert_eq!(body(&response), expected);
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["cache-tag"], "product:a,product:b,product:c,product:d");
        let whole = answer(&ids[..2], &results[..2]);
        assert_eq!(whole.headers()["cache-control"], "public, max-age=0, s-maxage=1");
        let nothing = answer(&ids[..1], &[failed()]);
        assert_eq!(nothing.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body(&nothing)["failed"], serde_json::json!(["a"]));
    }
}
