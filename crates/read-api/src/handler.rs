//! Ask the catalogue, answer.

use std::sync::Arc;

use bytes::Bytes;
use cache::{Answer, Cache, Content, GetError, LoadError, Version};
use catalog::names::{ADMIN_PATH, FRESH_PATH, INVALID_ID, ITEM, ITEMS, NO_SUCH_ITEM, PATH};
use catalog::tags::product_tag;
use catalog::{ItemList, ItemRead, ProductId, ReadList, ReadProduct, Representation};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use lambda_support::etag::etag;
use lambda_support::gateway::Request;
use lambda_support::headers::{CACHE_STATUS, CACHE_TAG, MIN_VERSION, ORIGIN_BEHAVIOUR, ORIGIN_SECRET, set};
use lambda_support::metrics::Family;
use lambda_support::{Metrics, Problem, Secret};

use crate::config::Config;
use crate::headers::{CacheControl, PERSONAL, cache_status, conditional};
use crate::list::ListQuery;
use crate::meter::{Meter, Timed};
use crate::route::{Route, route};
use crate::several::{self, read_ids};
use crate::wish::Wish;

/// The read API.
pub struct Api {
    read: ReadProduct,
    lists: ReadList,
    control: CacheControl,
    private_products: bool,
    meter: Meter,
    origin_secret: Option<Secret>,
}

impl Api {
    /// An API that reads and lists through `cache` from `items`, and writes its metrics to standard output.
    pub fn new<I>(config: &Config, cache: Arc<Cache>, items: Arc<I>) -> Self
    where
        I: ItemRead + ItemList + 'static,
    {
        let metrics = Arc::new(Metrics::to_stdout(config.metrics.clone()));
        let items = Arc::new(Timed::new(items, metrics.clone()));
        let keys = &config.cache.keys;
        let read = ReadProduct::new(cache.clone(), items.clone(), keys.clone(), config.products.clone());
        let lists = ReadList::new(cache.clone(), items, keys.clone(), config.lists.clone());
        Api {
            read,
            lists,
            control: CacheControl::new(&config.freshness),
            private_products: config.private_products,
            meter: Meter::new(metrics, cache),
            origin_secret: config.origin_secret.clone(),
        }
    }

    /// Answers a request. Every answer has `Cache-Control` and `X-Cache-Version`.
    pub async fn answer(&self, request: &Request) -> Response<Bytes> {
        let mut response = match self.respond(request).await {
            Ok(response) => response,
            Err(refusal) => refusal,
        };
        if request.method == Method::HEAD {
            *response.body_mut() = Bytes::new();
        }
        self.meter.finish();
        response
    }

    async fn respond(&self, request: &Request) -> Result<Response<Bytes>, Response<Bytes>> {
        if !self.may_ask(&request.headers) {
            let detail = "ask the distribution, not the API behind it";
            return Err(refuse(StatusCode::FORBIDDEN, "Not through the edge", detail));
        }
        let target = match route(&request.path) {
            Route::Product(id) => Some((id, false)),
            Route::PrivateProduct(id) if self.guards(&request.headers) => Some((id, false)),
            Route::FreshProduct(id) => Some((id, true)),
            Route::Products => None,
            Route::BadId(error) => {
                return Err(refuse(StatusCode::BAD_REQUEST, INVALID_ID, error.to_string()));
            }
            Route::Nothing | Route::PrivateProduct(_) => {
                let detail = format!(
                    "{ITEMS} are listed at {PATH}, and each is at {PATH}/{{id}}, past the cache at {FRESH_PATH}/{{id}}"
                );
                return Err(refuse(StatusCode::NOT_FOUND, "Nothing here", detail));
            }
        };
        if !matches!(request.method, Method::GET | Method::HEAD) {
            let detail = format!("{ITEMS} are read with GET and HEAD, and written at {ADMIN_PATH}/{{id}}");
            let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", detail);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Err(response);
        }
        let known = request.headers.get(header::IF_NONE_MATCH);
        let Some((id, fresh)) = target else {
            if request.headers.contains_key(MIN_VERSION) {
                let detail = "X-Cache-Min-Version is for a single product: lists and selections have no version of their own";
                return Err(refuse(StatusCode::BAD_REQUEST, "No minimum version here", detail));
            }
            return Box::pin(self.list(&request.query, known)).await;
        };
        let wish = Wish::read(&request.headers)
            .map_err(|error| refuse(StatusCode::BAD_REQUEST, "Invalid minimum version", error.to_string()))?;
        let minimum = wish.minimum.unwrap_or_default();
        let result = match fresh {
            true => Box::pin(self.read.fresh(&id, minimum)).await,
            false => {
                let result = self.read.cached(&id, minimum, wish.reload).await;
                self.meter.answered(Family::Product, &result);
                result
            }
        };
        let answer = result.map_err(|error| failure(&id, error))?;
        let personal = fresh || wish.minimum.is_some();
        Ok(self.show(&id, answer, personal, known))
    }

    async fn list(
        &self,
        query: &str,
        known: Option<&HeaderValue>,
    ) -> Result<Response<Bytes>, Response<Bytes>> {
        if let Some(ids) = read_ids(query) {
            let ids =
                ids.map_err(|error| refuse(StatusCode::BAD_REQUEST, "Invalid ids", error.to_string()))?;
            let results = self.read.several(&ids).await;
            results.iter().for_each(|result| self.meter.answered(Family::Product, result));
            return Ok(several::answer(&ids, &results));
        }
        let query = ListQuery::read(query)
            .map_err(|error| refuse(StatusCode::BAD_REQUEST, "Invalid list", error.to_string()))?;
        let (category, after) = (query.category.as_deref(), query.after.as_ref());
        let page = self.lists.page(category, query.limit, after, |page| query.render(page)).await;
        self.meter.answered(Family::List, &page);
        let page = page.map_err(|error| unavailable("the list", error.to_string()))?;
        Ok(query.answer(&page, known))
    }

    /// Whether the edge has checked a signature. The path alone does not tell: it is matched there as it was sent, and `%2F` is
    /// a slash only here.
    fn guards(&self, headers: &HeaderMap) -> bool {
        self.private_products && headers.get(ORIGIN_BEHAVIOUR).is_some_and(|behaviour| behaviour == "private")
    }

    /// Only the edge may ask, if it was given a secret to show.
    fn may_ask(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(ORIGIN_SECRET).map(HeaderValue::as_bytes).unwrap_or_default();
        self.origin_secret.as_ref().is_none_or(|secret| secret.is(shown))
    }

    fn show(
        &self,
        id: &ProductId,
        answer: Answer,
        personal: bool,
        known: Option<&HeaderValue>,
    ) -> Response<Bytes> {
        let control = self.control.of(&answer, personal);
        let status = cache_status(&answer.provenance);
        let version = answer.version;
        let (mut response, tags) = match answer.content {
            Content::Absent => {
                let problem =
                    Problem::new(StatusCode::NOT_FOUND, NO_SUCH_ITEM, format!("there is no {ITEM} {id}"));
                (problem.answer(version), product_tag(id))
            }
            Content::Live { body, hash } => live(version, hash, body, known),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, control);
        set(headers, CACHE_STATUS, status);
        set(headers, CACHE_TAG, tags);
        // An answer without a minimum must not be taken for one with it by a cache that keys on less than the edge does.
        headers.insert(header::VARY, HeaderValue::from(MIN_VERSION));
        response
    }
}

/// A product: in full, or 304 if the caller has it. Its tags come with it.
fn live(
    version: Version,
    hash: u32,
    stored: Bytes,
    known: Option<&HeaderValue>,
) -> (Response<Bytes>, String) {
    let representation = Representation::from_stored(stored);
    let response = conditional(representation.to_body(), etag(version, hash), version, known);
    (response, representation.tags().to_owned())
}

fn failure(id: &ProductId, error: GetError) -> Response<Bytes> {
    match error {
        GetError::BelowMinimum { have, minimum } => {
            let detail = format!(
                "the table has version {have} of {id}, below the version {minimum} that was asked for"
            );
            let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "Below the minimum version", detail);
            let mut response = problem.answer(have);
            response.headers_mut().insert(header::CACHE_CONTROL, PERSONAL);
            response
        }
        GetError::Load(LoadError::Unavailable(reason)) => unavailable(id.as_str(), reason),
        GetError::Load(LoadError::Invalid(reason)) => {
            tracing::error!(product = %id, reason, "the stored item is no valid product");
            let detail = format!("the stored item {id} is no valid product: {reason}");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "Invalid stored item", detail)
        }
    }
}

fn unavailable(asked: &str, reason: String) -> Response<Bytes> {
    tracing::error!(asked, reason, "the table did not answer");
    let detail = "the products cannot be read at the moment; try again";
    refuse(StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable", detail)
}

fn refuse(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Response<Bytes> {
    Problem::new(status, title, detail).answer(Version::ZERO)
}
