//! The parts of the local stack without their mappings.
//!
//! No stream is read and no queue is emptied, so whatever changes is the work of the function that was invoked.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use cache::StoreError;
use cache_valkey::{ValkeyConfig, ValkeyStore};
use http::Request;
use local_events::bus::AcceptedEvent;
use local_lambda::{Function, Gateway, Invoke, LogLine, Route};
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::TryRecvError;

use super::SEEDED_AT;
use super::calls::Calls;
use super::levels::Levels;
use crate::database::DynamoDb;
use crate::edge::LocalEdge;
use crate::functions::{Functions, Overrides, Wiring};
use crate::messaging::Messaging;
use crate::server::{Server, listen};
use crate::stack::{Options, StartError};
use crate::valkey::Valkey;

/// How long one operation of the cache may take. Shorter than `read-api` may.
const PATIENCE: Duration = Duration::from_secs(3);

/// The parts of a stack; they end when this is dropped, [`Bench::stop`] ends them in order.
pub struct Bench {
    /// The database.
    pub dynamodb: DynamoDb,
    /// The queues and the bus.
    pub messaging: Messaging,
    /// The edge.
    pub edge: LocalEdge,
    /// What CloudFront was asked for.
    pub calls: Calls,
    /// The cache's store.
    pub store: ValkeyStore,
    functions: Functions,
    valkey: Valkey,
    published: broadcast::Receiver<AcceptedEvent>,
    _servers: [Server; 3],
}

impl Bench {
    /// Starts every part, the catalogue as it was at [`SEEDED_AT`], and the functions of a folder.
    pub async fn start(binaries: &Path, logs: broadcast::Sender<LogLine>) -> Result<Bench, StartError> {
        let dynamodb = DynamoDb::start().await?;
        dynamodb.seed(SEEDED_AT)?;
        let valkey = Valkey::start().await?;
        let messaging = Messaging::start().await?;
        let door = listen("the API", 0).await?;
        let origin = format!("http://{}", door.local_addr().map_err(failed)?);
        // Nobody asks for the site here.
        let edge = LocalEdge::start(&origin, &origin, false).await?;
        let front_door = listen("the front door", 0).await?;
        let front_door = edge.open(front_door)?;
        let calls = Calls::default();
        let cloudfront = listen("CloudFront's API", 0).await?;
        let cloudfront = Server::start(cloudfront, calls.recorded(&edge.cloudfront)).map_err(failed)?;
        let mut options = Options::new(binaries);
        options.overrides = patient();
        let wiring = Wiring {
            dynamodb: dynamodb.url.clone(),
            events: messaging.events.url(),
            cache: valkey.url(),
            sqs: messaging.sqs.url(),
            cloudfront: cloudfront.url(),
            edge_queue: messaging.edge_queue.clone(),
            audit_queue: messaging.audit_queue.clone(),
            failure_queue: messaging.failure_queue.clone(),
            edge: front_door.url(),
            api: origin,
            purge: options.purge.clone(),
        };
        let functions = Functions::start(&options, &wiring, logs).await?;
        let read_api: Arc<dyn Invoke> = functions.read_api.clone();
        let gateway = Gateway::new(vec![Route::new("ANY /api/{proxy+}", read_api).map_err(failed)?]);
        let api = Server::start(door, gateway.map_err(failed)?.into_router()).map_err(failed)?;
        let mut config = ValkeyConfig::from_url(&valkey.url()).map_err(failed)?;
        (config.connect_timeout, config.response_timeout) = (PATIENCE, PATIENCE);
        let store = ValkeyStore::new(config).map_err(failed)?;
        let published = messaging.bus.subscribe();
        Ok(Bench {
            dynamodb,
            messaging,
            edge,
            calls,
            store,
            functions,
            valkey,
            published,
            _servers: [api, cloudfront, front_door],
        })
    }

    /// A function by its name.
    pub fn function(&self, name: &str) -> Option<&Arc<Function>> {
        self.functions.all().into_iter().find(|function| function.name() == name)
    }

    /// Has a product read through every level, so that each holds it.
    pub async fn warm(&self, id: &str) {
        let request =
            Request::get(format!("/api/products/{id}")).header("host", "localhost").body(Body::empty());
        let Ok(request) = request else { return };
        let answer = self.edge.edge.call(request).await;
        // The edge stores an answer once it is read to its end. What is held then is seen in the levels.
        let _body = to_bytes(answer.into_body(), usize::MAX).await;
    }

    /// Products as each level has them.
    pub async fn all_levels(&self, ids: &[String]) -> Result<Vec<Levels>, StoreError> {
        let mut levels = Vec::new();
        for id in ids {
            levels.push(Levels::of(id, &self.dynamodb.database, &self.store, &self.edge.edge).await?);
        }
        Ok(levels)
    }

    /// What was published since this was last asked, with its envelope.
    pub fn published(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            match self.published.try_recv() {
                Ok(accepted) => events.push(accepted.event.as_ref().clone()),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return events,
            }
        }
    }

    /// Ends every part.
    pub async fn stop(self) {
        self.functions.stop().await;
        self.valkey.kill().await;
    }
}

/// A busy machine is not to look like a slow cache.
fn patient() -> Overrides {
    let patience = PATIENCE.as_millis().to_string();
    let names = [
        ("read-api", "CACHE_TIMEOUT_MS"),
        ("read-api", "CACHE_SOFT_TIMEOUT_MS"),
        ("write-api", "TELL_TIMEOUT_MS"),
        ("stream-invalidator", "TELL_TIMEOUT_MS"),
    ];
    let mut overrides = Overrides::new();
    for (function, name) in names {
        overrides.entry(function).or_default().insert(name.to_owned(), patience.clone());
    }
    overrides
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError::Part { what: "the bench", reason: error.to_string() }
}
