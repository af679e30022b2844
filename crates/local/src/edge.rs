//! The edge: CloudFront in front of site and API, with the behaviours of the template.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};
use local_edge::{
    Behaviour, CloudFront, CloudFrontConfig, Edge, EdgeConfig, ErrorTtl, Forward, ImitatedDelay, Origin,
    Policy, QueryKey,
};
use tokio::net::TcpListener;

use crate::server::{Server, listen};
use crate::stack::StartError;

/// The distribution's id.
pub const DISTRIBUTION: &str = "E2TIDEMARKLOCAL";

/// How long the edge waits for an origin to say something, at the beginning of an answer and within it.
pub const ORIGIN_READ_TIMEOUT: Duration = Duration::from_secs(5);

const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");
const VERSION: HeaderName = HeaderName::from_static("x-cache-version");
const MIN_VERSION: HeaderName = HeaderName::from_static("x-cache-min-version");
const EDGE_BEHAVIOUR: HeaderName = HeaderName::from_static("x-origin-behaviour");

/// A running edge; it ends when this is dropped.
pub struct LocalEdge {
    /// The cache.
    pub edge: Edge,
    /// Its invalidation API.
    pub cloudfront: CloudFront,
    /// Where invalidations are asked for.
    pub api: Server,
}

impl LocalEdge {
    /// Starts an edge in front of an API and a site (their URLs). With `delay` its invalidations take as long as
    /// CloudFront says they do.
    pub async fn start(api: &str, site: &str, delay: bool) -> Result<LocalEdge, StartError> {
        let edge = Edge::new(distribution(api, site)?).map_err(failed)?;
        let mut config = CloudFrontConfig::new(DISTRIBUTION);
        config.delay = delay.then(|| ImitatedDelay::published(1));
        let cloudfront = CloudFront::new(edge.clone(), config);
        let listener = listen("CloudFront's API", 0).await?;
        let api = Server::start(listener, cloudfront.router()).map_err(failed)?;
        Ok(LocalEdge { edge, cloudfront, api })
    }

    /// Opens the door users come in by.
    pub fn open(&self, door: TcpListener) -> Result<Server, StartError> {
        Server::start(door, self.edge.router()).map_err(failed)
    }
}

/// As in the template: admin and fresh reads are passed through, the API says itself how long its answers are fresh, the
/// rest is the site.
fn distribution(api: &str, site: &str) -> Result<EdgeConfig, StartError> {
    let origin = |url: &str| Ok(Origin::at(url.parse::<Uri>().map_err(failed)?));
    // Over whatever a viewer sends under the name. There is no guarded path here: nothing checks signatures.
    let public = vec![(EDGE_BEHAVIOUR, HeaderValue::from_static("public"))];
    let api = Origin { custom_headers: public, ..origin(api)? };
    let origins = [("api".to_owned(), api), ("site".to_owned(), origin(site)?)];
    // A product has no parameters: with any in the key, each value would be another object of the same answer.
    let products = Policy {
        max_ttl: Duration::from_secs(86_400),
        query: QueryKey::None,
        headers: vec![MIN_VERSION],
        ..Policy::origin_controlled()
    };
    let query = ["category", "cursor", "ids", "limit"].map(str::to_owned).to_vec();
    let lists = Policy { query: QueryKey::Allow(query), ..products.clone() };
    let viewers = |mut behaviour: Behaviour| {
        behaviour.remove_headers = vec![CACHE_TAG];
        if let Ok(csp) = HeaderValue::from_str(site::CONTENT_SECURITY_POLICY) {
            behaviour.add_headers.push((http::header::CONTENT_SECURITY_POLICY, csp));
        }
        let nosniff = HeaderValue::from_static("nosniff");
        behaviour.add_headers.push((http::header::X_CONTENT_TYPE_OPTIONS, nosniff));
        behaviour
    };
    // The origin is asked by nothing but the key: what one viewer sends beside it must not decide what others get.
    let keyed = |behaviour: Behaviour| viewers(Behaviour { forward: Forward::Key, ..behaviour });
    let behaviours = vec![
        viewers(Behaviour::uncached("/api/admin/*", "api")),
        viewers(Behaviour::uncached("/api/fresh/*", "api")),
        revalidating(keyed(Behaviour::cached("/api/products", "api", lists))),
        revalidating(keyed(Behaviour::cached("/api/*", "api", products))),
        viewers(Behaviour::uncached("/_tidemark/*", "site")),
        keyed(Behaviour::cached("*", "site", Policy::caching_optimized())),
    ];
    Ok(EdgeConfig {
        tag_header: Some(CACHE_TAG),
        version_header: Some(VERSION),
        // The API says how long its 404 may be kept; an error of what is behind it is kept for a second.
        error_ttl: ErrorTtl {
            default: Duration::from_secs(1),
            by_status: BTreeMap::from(
                [400, 403, 404, 405, 412, 414, 416].map(|status| (status, Duration::ZERO)),
            ),
        },
        origin_read_timeout: ORIGIN_READ_TIMEOUT,
        ..EdgeConfig::new(origins, behaviours)
    })
}

/// Browsers obey `stale-while-revalidate` as well, and no purge reaches them: what the API says of freshness is meant for
/// the edge, and viewers are told to ask each time.
fn revalidating(mut behaviour: Behaviour) -> Behaviour {
    let ask = HeaderValue::from_static("no-cache");
    behaviour.add_headers.push((http::header::CACHE_CONTROL, ask));
    behaviour
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError::Part { what: "the edge", reason: error.to_string() }
}
