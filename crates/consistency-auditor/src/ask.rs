//! Who is asked, and how: plain GET requests, as a viewer sends them.
//!
//! What a request changes: an edge or a cache that does not hold the product fetches and keeps it, as it would for any viewer.
//! HEAD would be no lighter (CloudFront passes one on to the origin where it holds nothing) and would not be what viewers
//! ask. There is no query string and no condition. The edge is asked at one of its locations, the one nearest to the
//! function.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use catalog::ProductId;
use catalog::names::{FRESH_PATH, PATH};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_support::headers::ORIGIN_SECRET;
use tokio::time::timeout;

use crate::answer::{Answer, Unanswered};
use crate::config::Config;

/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(1);
/// How long a request may take, from its connection to the end of its answer.
const TOTAL: Duration = Duration::from_secs(3);
/// How much of an answer is read: the most a function answers with is 6 MB.
const MOST: usize = 6 << 20;

/// What access logs tell the auditor from viewers by.
const USER_AGENT: HeaderValue = HeaderValue::from_static("tidemark-consistency-auditor");

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The edge, for one of the copies it may hold.
    Edge(Encoding),
    /// The API, which answers through its cache.
    Api,
    /// The table, past every cache.
    Source,
}

/// What a viewer accepts. The edge keeps a copy for each, as its cache policy has the encoding in its key: one of them may be
/// old while the others are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// Nothing said, as by curl.
    Plain,
    /// gzip, as by many programs.
    Gzip,
    /// Brotli too, as by browsers.
    Brotli,
}

/// Everybody whose answer is judged.
pub const JUDGED: [Place; 4] =
    [Place::Edge(Encoding::Plain), Place::Edge(Encoding::Gzip), Place::Edge(Encoding::Brotli), Place::Api];

/// Asks for products.
#[async_trait]
pub trait Ask: Send + Sync {
    /// What a place says of a product. Asked once: a second try would hide what a viewer sees.
    async fn ask(&self, place: Place, product: &ProductId) -> Result<Answer, Unanswered>;
}

/// Asks over HTTP or HTTPS.
pub struct HttpAsk {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    edge: String,
    api: String,
    origin_secret: Option<HeaderValue>,
    total: Duration,
}

impl HttpAsk {
    /// Asks the edge and the API of a configuration. Fails if no trusted root certificate is found.
    pub fn new(config: &Config) -> std::io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.set_nodelay(true);
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let https = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider)?;
        let https = https.https_or_http().enable_http1().wrap_connector(tcp);
        // Each request has a connection of its own, as each viewer has: one that was kept while the process was frozen may be
        // dead, which would look like an edge that does not answer.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(https);
        let (edge, api, origin_secret) =
            (config.edge.clone(), config.api.clone(), config.origin_secret.clone());
        Ok(HttpAsk { client, edge, api, origin_secret, total: TOTAL })
    }

    /// With another time a request may take in all. Default: 3 s.
    pub fn within(self, total: Duration) -> Self {
        HttpAsk { total, ..self }
    }

    fn request(&self, place: Place, product: &ProductId) -> Result<Request<Empty<Bytes>>, http::Error> {
        let (base, path) = match place {
            Place::Edge(_) => (&self.edge, PATH),
            Place::Api => (&self.api, PATH),
            Place::Source => (&self.api, FRESH_PATH),
        };
        let uri: Uri = format!("{base}{path}/{product}").parse()?;
        let mut request = Request::get(uri).header(header::USER_AGENT, USER_AGENT);
        request = match place {
            Place::Edge(Encoding::Plain) => request,
            Place::Edge(Encoding::Gzip) => request.header(header::ACCEPT_ENCODING, "gzip"),
            Place::Edge(Encoding::Brotli) => request.header(header::ACCEPT_ENCODING, "gzip, br"),
            Place::Api | Place::Source => match &self.origin_secret {
                Some(secret) => request.header(ORIGIN_SECRET, secret),
                None => request,
            },
        };
        request.body(Empty::new())
    }

    async fn send(&self, request: Request<Empty<Bytes>>) -> Result<Answer, Unanswered> {
        let unreachable = |error: hyper_util::client::legacy::Error| Unanswered(chain(&error));
        let (head, body) = self.client.request(request).await.map_err(unreachable)?.into_parts();
        // A viewer takes the whole answer, and an edge keeps one that was taken whole.
        if let Err(error) = Limited::new(body, MOST).collect().await
            && !error.is::<LengthLimitError>()
        {
            return Err(Unanswered(format!("the answer broke off: {error}")));
        }
        let head = Response::from_parts(head, ());
        Answer::read(head.status(), head.headers())
    }
}

#[async_trait]
impl Ask for HttpAsk {
    async fn ask(&self, place: Place, product: &ProductId) -> Result<Answer, Unanswered> {
        let request = self.request(place, product).map_err(|error| Unanswered(error.to_string()))?;
        let answer = timeout(self.total, self.send(request)).await;
        answer.unwrap_or_else(|_| Err(Unanswered(format!("no answer within {} ms", self.total.as_millis()))))
    }
}

/// An error and what it comes from, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
