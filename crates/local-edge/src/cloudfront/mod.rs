//! CloudFront's API for invalidations (REST-XML, version 2020-05-31), over one edge.
//!
//! CreateInvalidation, GetInvalidation and ListInvalidations with the modelled validation, quotas, idempotency and errors, so
//! that AWS CLI, boto3 and the SDKs work with nothing but another endpoint. Signatures are not checked.
//!
//! - `wire`: the XML · `error`: the error envelope · `ledger`: what was asked and how far it is
//! - `delay`: imitated time until effect and completion · `faults`: refusals on demand

mod delay;
mod error;
mod faults;
mod ledger;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use tokio::time::{Instant, sleep_until};

pub use delay::ImitatedDelay;
pub use faults::{Fault, Faults};

use crate::clock::Clock;
use crate::edge::Edge;
use crate::invalidation::Item;
use delay::Delays;
use error::ApiError;
use ledger::{Batch, Ledger, Record};
use wire::ListQuery;

/// How the API behaves.
#[derive(Debug, Clone)]
pub struct CloudFrontConfig {
    /// The only distribution there is; any other id is `NoSuchDistribution`.
    pub distribution: String,
    /// Limits that lead to `TooManyInvalidationsInProgress` and `BatchTooLarge`.
    pub quotas: Quotas,
    /// None: an invalidation has taken effect and is completed before its answer is sent.
    pub delay: Option<ImitatedDelay>,
    /// How a caller reference with other content is refused.
    pub conflict: ReferenceConflict,
    /// How many invalidations are remembered; the oldest completed ones are forgotten. Default 20,000.
    pub history: usize,
}

/// CloudFront's quotas. Tags count as paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Paths without wildcard in progress. Default 3,000.
    pub paths_in_progress: usize,
    /// Paths with wildcard in progress. Default 15.
    pub wildcards_in_progress: usize,
    /// Items in one batch. Default 3,000.
    pub items_per_batch: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { paths_in_progress: 3_000, wildcards_in_progress: 15, items_per_batch: 3_000 }
    }
}

/// The code for a caller reference that was used with other content. Always status 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceConflict {
    /// `InvalidationBatchAlreadyExists`, as the API reference has it.
    AlreadyExists,
    /// `InvalidArgument`, as the service has been seen to answer.
    InvalidArgument,
}

impl CloudFrontConfig {
    /// CloudFront's quotas, no delay.
    pub fn new(distribution: impl Into<String>) -> Self {
        Self {
            distribution: distribution.into(),
            quotas: Quotas::default(),
            delay: None,
            conflict: ReferenceConflict::AlreadyExists,
            history: 20_000,
        }
    }
}

/// The API over one edge. Clones share their state.
#[derive(Debug, Clone)]
pub struct CloudFront(Arc<Api>);

#[derive(Debug)]
struct Api {
    edge: Edge,
    config: CloudFrontConfig,
    ledger: Mutex<Ledger>,
    delays: Option<Delays>,
    faults: Faults,
    clock: Clock,
}

impl CloudFront {
    /// An API without any invalidation yet. Must be made inside a tokio runtime if tests are to move its clock.
    pub fn new(edge: Edge, config: CloudFrontConfig) -> Self {
        let ledger = Mutex::new(Ledger::new(config.history));
        let delays = config.delay.map(Delays::new);
        Self(Arc::new(Api { edge, config, ledger, delays, faults: Faults::default(), clock: Clock::start() }))
    }

    /// The routes under `/2020-05-31/`. Everything else is answered with an error in CloudFront's form.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/2020-05-31/distribution/{id}/invalidation", post(create).get(list))
            .route("/2020-05-31/distribution/{id}/invalidation/{invalidation}", get(get_one))
            .fallback(|| async { ApiError::UnknownOperation })
            .method_not_allowed_fallback(|| async { ApiError::UnknownOperation })
            .with_state(self.clone())
    }

    /// Makes coming calls fail.
    pub fn faults(&self) -> Faults {
        self.0.faults.clone()
    }

    /// How many invalidations were accepted so far and how many items they had: what CloudFront would bill.
    pub fn accepted(&self) -> (u64, u64) {
        self.ledger().accepted()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Every change of the ledger is complete before anything that could panic.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_distribution(&self, id: &str) -> Result<(), ApiError> {
        if id == self.0.config.distribution { Ok(()) } else { Err(ApiError::NoSuchDistribution) }
    }

    /// Purges now, or later if a delay is imitated; then the invalidation is completed.
    fn run(&self, id: String, items: Vec<Item>) {
        let Some(delays) = &self.0.delays else {
            self.0.edge.purge(&items);
            self.ledger().complete(&id);
            return;
        };
        let (effect, completion) = delays.next();
        let (api, now) = (self.clone(), Instant::now());
        tokio::spawn(async move {
            sleep_until(now + effect).await;
            api.0.edge.purge(&items);
            sleep_until(now + completion).await;
            api.ledger().complete(&id);
        });
    }
}

async fn create(
    State(api): State<CloudFront>,
    Path(distribution): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    // A batch of 3,000 paths of 4,000 characters, and the XML around them.
    const LONGEST_BODY: usize = 16 << 20;
    if let Some(fault) = api.0.faults.strike() {
        return Err(fault.into());
    }
    api.check_distribution(&distribution)?;
    let body = to_bytes(body, LONGEST_BODY).await.map_err(|_| ApiError::BatchTooLarge)?;
    let batch = Batch::read(&body)?;
    let items = batch.check(&api.0.config.quotas)?;
    let created = api.0.clock.wall();
    let (record, is_new) = api.ledger().open(batch, &items, created, &api.0.config)?;
    if is_new {
        api.run(record.id.clone(), items);
    }
    let host =
        headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("cloudfront.amazonaws.com");
    let location = format!("http://{host}/2020-05-31/distribution/{distribution}/invalidation/{}", record.id);
    let xml = wire::invalidation(&record)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], as_xml(xml)).into_response())
}

async fn get_one(
    State(api): State<CloudFront>,
    Path((distribution, invalidation)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    api.check_distribution(&distribution)?;
    let record: Record = api.ledger().get(&invalidation).cloned().ok_or(ApiError::NoSuchInvalidation)?;
    Ok(as_xml(wire::invalidation(&record)?))
}

async fn list(
    State(api): State<CloudFront>,
    Path(distribution): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    api.check_distribution(&distribution)?;
    let (marker, most) = query.check()?;
    let page = api.ledger().page(marker.as_deref(), most)?;
    Ok(as_xml(wire::invalidation_list(marker.as_deref(), most, &page)?))
}

fn as_xml(xml: String) -> Response {
    let request_id = error::request_id();
    ([(header::CONTENT_TYPE.as_str(), "text/xml"), ("x-amzn-requestid", &request_id)], xml).into_response()
}
