//! The whole stack: started in order, stopped in reverse.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use cache::{Clock, SystemClock};
use cache_valkey::{ValkeyConfig, ValkeyStore};
use local_events::mapping::{queue, stream};
use local_lambda::{Gateway, Invoke, LogLine, Route, invoke_api};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};

use crate::database::{DynamoDb, TABLE};
use crate::edge::{DISTRIBUTION, LocalEdge};
use crate::endpoints::Endpoints;
use crate::env_file::EnvFile;
use crate::functions::{Functions, Overrides, Wiring};
use crate::journey::Journey;
use crate::mappings::Mappings;
use crate::messaging::Messaging;
use crate::observe::{self, Observer};
use crate::page::{self, Levels};
use crate::server::{Server, listen};
use crate::valkey::Valkey;

/// How a stack is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The front door's port; 0 takes a free one. Default 0.
    pub port: u16,
    /// The folder with the functions' binaries.
    pub binaries: PathBuf,
    /// Where to write the environment for `cargo lambda watch`, if anywhere.
    pub env_file: Option<PathBuf>,
    /// How often the stream is read. Default 250 ms, as on AWS.
    pub poll_interval: Duration,
    /// The most environments of `read-api`. Default 8.
    pub read_environments: usize,
    /// When the edge is purged: `prompt`, `double` or `fenced`. Default `prompt`.
    pub purge: String,
    /// Let invalidations take as long as CloudFront says they do. Default no.
    pub edge_delay: bool,
    /// Environment variables by function.
    pub overrides: Overrides,
    /// Told of each part as it is up.
    pub progress: fn(&str),
}

impl Options {
    /// The defaults, for binaries in a folder.
    pub fn new(binaries: impl Into<PathBuf>) -> Options {
        Options {
            port: 0,
            binaries: binaries.into(),
            env_file: None,
            poll_interval: Duration::from_millis(250),
            read_environments: 8,
            purge: "prompt".to_owned(),
            edge_delay: false,
            overrides: Overrides::new(),
            progress: |_| {},
        }
    }
}

/// Why a stack did not start. What had been started was ended.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port could not be listened on.
    #[error("{what} cannot listen on port {port}: {error}{}", hint(error))]
    Listen {
        /// What was to listen.
        what: String,
        /// Where.
        port: u16,
        /// Why not.
        error: std::io::Error,
    },
    /// A part did not start.
    #[error("{what} did not start: {reason}")]
    Part {
        /// Which part.
        what: &'static str,
        /// Why.
        reason: String,
    },
}

fn hint(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => "; end the program that has it, or choose another with --port",
        _ => "",
    }
}

/// A running stack. Dropping it ends everything, [`Stack::stop`] does so in order.
pub struct Stack {
    front_door: Server,
    _behind: [Server; 4],
    _journey: Journey,
    _observer: Observer,
    mappings: Mappings,
    /// The functions.
    pub functions: Functions,
    /// The edge.
    pub edge: LocalEdge,
    /// The queues and the bus.
    pub messaging: Messaging,
    /// The cache.
    pub valkey: Valkey,
    /// The database.
    pub dynamodb: DynamoDb,
    /// Where each part listens.
    pub endpoints: Endpoints,
    /// What the functions write.
    pub logs: broadcast::Sender<LogLine>,
    _env_file: Option<EnvFile>,
}

impl Stack {
    /// Starts everything; when this returns, everything answers.
    pub async fn start(options: Options) -> Result<Stack, StartError> {
        let door = listen("the front door", options.port).await?;
        let dynamodb = DynamoDb::start().await?;
        let products = dynamodb.seed(SystemClock.now())?;
        (options.progress)(&format!("DynamoDB with {products} products at {}", dynamodb.url));
        let valkey = Valkey::start().await?;
        (options.progress)(&format!("cache at {}", valkey.url()));
        let messaging = Messaging::start().await?;
        (options.progress)("event bus and queues");
        let (api, site) = (listen("the API", 0).await?, listen("the site", 0).await?);
        let edge = LocalEdge::start(&url_of(&api)?, &url_of(&site)?, options.edge_delay).await?;
        (options.progress)("edge");
        let doors = (url_of(&door)?, url_of(&api)?);
        let wiring = wiring(&dynamodb, &valkey, &messaging, &edge, doors, &options);
        let logs = broadcast::Sender::new(4_096);
        let functions = Functions::start(&options, &wiring, logs.clone()).await?;
        let names: Vec<_> = functions.all().iter().map(|function| function.name().to_owned()).collect();
        (options.progress)(&format!("functions {}", names.join(", ")));
        let store = Arc::new(store(&valkey)?);
        let mut journey = Journey::new();
        let mut observer = Observer::new();
        observer.watch_logs(&logs);
        observer.watch_steps(&journey.reporter());
        observer.watch_bus(&messaging.bus);
        observer.watch_edge(&edge.edge);
        journey.watch_bus(&messaging.bus);
        journey.watch_edge(&edge.edge);
        journey.watch_cache(&valkey.url(), store.clone()).await;
        let mappings =
            Mappings::start(&dynamodb, &messaging, &functions, options.poll_interval, journey.reporter())
                .await?;
        let levels = Levels {
            database: dynamodb.database.clone(),
            store,
            edge: edge.edge.clone(),
            steps: journey.reporter(),
            purge: options.purge.clone(),
        };
        let site = Server::start(site, page::router(Arc::new(levels))).map_err(failed)?;
        let (api, invoke) = serve(api, &functions, &observer).await?;
        let observe = listen("what the stack tells of itself", 0).await?;
        let observe = Server::start(observe, observe::api::router(&observer)).map_err(failed)?;
        let front_door = edge.open(door)?;
        let env_file = options
            .env_file
            .as_deref()
            .map(|path| EnvFile::write(path, &wiring, &observe.url()))
            .transpose()?;
        let endpoints = Endpoints {
            edge: front_door.url(),
            api: api.url(),
            dynamodb: dynamodb.url.clone(),
            cloudfront: edge.api.url(),
            cache: valkey.url(),
            table: TABLE.to_owned(),
            distribution: DISTRIBUTION.to_owned(),
            invoke: invoke.url(),
            sqs: messaging.sqs.url(),
            events: messaging.events.url(),
            failure_queue: messaging.failure_queue.clone(),
            observe: observe.url(),
        };
        Ok(Stack {
            front_door,
            _behind: [site, api, invoke, observe],
            _journey: journey,
            _observer: observer,
            mappings,
            functions,
            edge,
            messaging,
            valkey,
            dynamodb,
            endpoints,
            logs,
            _env_file: env_file,
        })
    }

    /// How far the mapping from the table's stream is.
    pub fn stream_progress(&self) -> watch::Receiver<stream::Progress> {
        self.mappings.stream.progress()
    }

    /// How far the mapping from the edge's queue is.
    pub fn edge_progress(&self) -> watch::Receiver<queue::QueueProgress> {
        self.mappings.edge.progress()
    }

    /// How far the mapping from the auditor's queue is.
    pub fn audit_progress(&self) -> watch::Receiver<queue::QueueProgress> {
        self.mappings.audit.progress()
    }

    /// Ends everything: the door first, the database last.
    pub async fn stop(self) {
        drop(self.front_door);
        drop(self.mappings);
        self.functions.stop().await;
        self.valkey.kill().await;
    }
}

fn wiring(
    dynamodb: &DynamoDb,
    valkey: &Valkey,
    messaging: &Messaging,
    edge: &LocalEdge,
    doors: (String, String),
    options: &Options,
) -> Wiring {
    Wiring {
        dynamodb: dynamodb.url.clone(),
        events: messaging.events.url(),
        cache: valkey.url(),
        sqs: messaging.sqs.url(),
        cloudfront: edge.api.url(),
        edge_queue: messaging.edge_queue.clone(),
        audit_queue: messaging.audit_queue.clone(),
        failure_queue: messaging.failure_queue.clone(),
        edge: doors.0,
        api: doors.1,
        purge: options.purge.clone(),
    }
}

fn store(valkey: &Valkey) -> Result<ValkeyStore, StartError> {
    ValkeyStore::new(ValkeyConfig::from_url(&valkey.url()).map_err(failed)?).map_err(failed)
}

/// The HTTP API, and Lambda's Invoke API.
async fn serve(
    api: TcpListener,
    functions: &Functions,
    observer: &Observer,
) -> Result<(Server, Server), StartError> {
    let route = |key, function: &Arc<local_lambda::Function>| {
        Route::new(key, function.clone() as Arc<dyn Invoke>).map_err(failed)
    };
    let routes = vec![
        route("ANY /api/admin/{proxy+}", &functions.write_api)?,
        route("ANY /api/{proxy+}", &functions.read_api)?,
    ];
    let counted = from_fn_with_state(observer.traffic.clone(), observe::traffic::count);
    let gateway = Gateway::new(routes).map_err(failed)?.into_router().layer(counted);
    let api = Server::start(api, gateway).map_err(failed)?;
    let by_name =
        functions.all().into_iter().map(|f| (f.name().to_owned(), f.clone() as Arc<dyn Invoke>)).collect();
    let listener = listen("Lambda's Invoke API", 0).await?;
    let invoke = Server::start(listener, invoke_api(by_name)).map_err(failed)?;
    Ok((api, invoke))
}

fn url_of(listener: &TcpListener) -> Result<String, StartError> {
    listener.local_addr().map(|address| format!("http://{address}")).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError::Part { what: "the stack", reason: error.to_string() }
}
