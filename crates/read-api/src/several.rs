//! Several products at once: `GET /api/products?ids=a,b,c`.
//!
//! The answer is `{"items": [...], "missing": ["b"], "failed": []}`: products in the order asked, ids there is no product
//! of, and ids that could not be read just now or did not fit. Each product is as it would be read alone, at its own
//! version.

use bytes::Bytes;
use cache::{Answer, Content, GetError, LoadError, Provenance, Storable, Version};
use catalog::tags::product_tag;
use catalog::{InvalidId, ProductId, Representation};
use http::{HeaderValue, Response, StatusCode, header};
use lambda_support::headers::{CACHE_STATUS, CACHE_TAG, VERSION, set};

use crate::list::brief;

pub use catalog::list::MAX_IDS;

/// The most bytes of products in one answer. Lambda takes 6 MB of JSON, in which each quotation mark of a body counts
/// twice; what does not fit has failed, and can be asked for alone.
pub const MAX_BYTES: usize = 2_900_000;

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

/// The answer: 200; if nothing at all could be read 503, or 500 if none of it is a product and never will be by itself.
pub fn answer(ids: &[ProductId], results: &[Result<Answer, GetError>]) -> Response<Bytes> {
    let (mut items, mut missing, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut storable, mut bytes) = (Storable::Yes, 0);
    let (mut hits, mut hopeless) = (0, 0);
    for (id, result) in ids.iter().zip(results) {
        match result {
            Ok(answer) => {
                if answer.storable() == Storable::No {
                    storable = Storable::No;
                }
                hits += usize::from(from_cache(&answer.provenance));
                match &answer.content {
                    Content::Live { body, .. } if bytes + body.len() > MAX_BYTES => {
                        storable = Storable::No;
                        failed.push(id.as_str());
                    }
                    Content::Live { body, .. } => {
                        bytes += body.len();
                        items.push(Representation::from_stored(body.clone()));
                    }
                    Content::Absent => missing.push(id.as_str()),
                }
            }
            Err(error) => {
                tracing::error!(product = %id, error = %error, "one of several products could not be read");
                storable = Storable::No;
                hopeless += usize::from(matches!(error, GetError::Load(LoadError::Invalid(_))));
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
    let mut response = Response::new(Bytes::from(body));
    if hopeless == ids.len() {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    } else if failed.len() == ids.len() {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let headers = response.headers_mut();
    let tags: Vec<String> = ids.iter().map(product_tag).collect();
    set(headers, header::CACHE_CONTROL, brief(storable));
    set(headers, CACHE_STATUS, status(hits, ids.len()));
    set(headers, CACHE_TAG, tags.join(","));
    headers.insert(VERSION, HeaderValue::from(Version::ZERO.0));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// `Cache-Status` (RFC 9211) of all together: how many of them needed no load.
fn status(hits: usize, all: usize) -> String {
    match hits {
        0 => "Valkey; fwd=miss".to_owned(),
        hits if hits == all => "Valkey; hit".to_owned(),
        hits => format!("Valkey; fwd=partial; detail=hits-{hits}-of-{all}"),
    }
}

fn from_cache(provenance: &Provenance) -> bool {
    !matches!(provenance, Provenance::Loaded { .. } | Provenance::Joined(_) | Provenance::Bypassed(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache::{FillOutcome, MissReason};
    use std::time::Duration;

    fn found(body: &'static str) -> Result<Answer, GetError> {
        Ok(Answer {
            version: Version(7),
            content: Content::Live { body: Bytes::from_static(body.as_bytes()), hash: 1 },
            provenance: Provenance::Loaded { miss: MissReason::Empty, fill: FillOutcome::Stored },
            settled: true,
            waited: Duration::ZERO,
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

    fn body(response: &Response<Bytes>) -> serde_json::Value {
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
    fn what_does_not_fit_into_one_answer_is_left_for_another() {
        let large: &'static str = String::leak(format!("{{\"text\":\"{}\"}}", "x".repeat(400_000)));
        let ids = ids(&(0..50).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
        let response = answer(&ids, &ids.iter().map(|_| found(large)).collect::<Vec<_>>());
        let told = body(&response);
        assert_eq!(
            (told["items"].as_array().unwrap().len(), told["failed"].as_array().unwrap().len()),
            (7, 43)
        );
        assert!(serde_json::to_string(&told.to_string()).unwrap().len() < 6_000_000, "as Lambda counts it");
        assert_eq!(
            (response.status().as_u16(), &response.headers()["cache-control"]),
            (200, &"no-store".parse().unwrap())
        );
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

    #[test]
    fn rows_that_are_no_products_are_no_outage() {
        let invalid = || Err(LoadError::Invalid("price_cents".into()).into());
        let ids = ids("a,b");
        let none = answer(&ids, &[invalid(), invalid()]);
        assert_eq!(
            (none.status(), none.headers().get("retry-after")),
            (StatusCode::INTERNAL_SERVER_ERROR, None)
        );
        assert_eq!(answer(&ids, &[invalid(), failed()]).status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer(&ids, &[invalid(), absent()]).status(), StatusCode::OK);
    }

    #[test]
    fn cache_status_says_how_many_of_them_the_cache_had() {
        let hit =
            || found("{}").map(|answer| Answer { provenance: Provenance::Hit(Duration::ZERO), ..answer });
        let said = |results: &[_]| answer(&ids("a,b"), results).headers()["cache-status"].clone();
        assert_eq!(said(&[hit(), hit()]), "Valkey; hit");
        assert_eq!(said(&[found("{}"), hit()]), "Valkey; fwd=partial; detail=hits-1-of-2");
        assert_eq!(said(&[found("{}"), failed()]), "Valkey; fwd=miss");
    }
}
