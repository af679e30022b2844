//! The whole stack: started in order, stopped in reverse.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cache::{Clock, SystemClock};
use local_events::mapping::MappedFunction;
use local_events::mapping::stream::{StartingPosition, StreamMapping, StreamMappingParts, StreamSettings};
use local_events::pattern::FilterCriteria;
use local_lambda::{Gateway, Invoke, LogLine, Route, function_arn, invoke_api};
use tokio::sync::broadcast;

use crate::database::{DynamoDb, TABLE};
use crate::endpoints::Endpoints;
use crate::env_file::EnvFile;
use crate::functions::{Functions, Overrides, Wiring};
use crate::messaging::Messaging;
use crate::server::{Server, listen};
use crate::stream::TableStream;
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
    _invoke_api: Server,
    stream_mapping: StreamMapping,
    /// The functions.
    pub functions: Functions,
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
        let wiring =
            Wiring { dynamodb: dynamodb.url.clone(), events: messaging.events.url(), cache: valkey.url() };
        let logs = broadcast::Sender::new(4_096);
        let functions = Functions::start(&options, &wiring, logs.clone()).await?;
        let names: Vec<_> = functions.all().iter().map(|function| function.name().to_owned()).collect();
        (options.progress)(&format!("functions {}", names.join(", ")));
        let stream_mapping = map_stream(&dynamodb, &messaging, &functions, options.poll_interval).await?;
        let (front_door, invoke) = serve(door, &functions).await?;
        let env_file = options.env_file.as_deref().map(|path| EnvFile::write(path, &wiring)).transpose()?;
        let endpoints = Endpoints {
            edge: front_door.url(),
            api: front_door.url(),
            dynamodb: dynamodb.url.clone(),
            cloudfront: None,
            cache: valkey.url(),
            table: TABLE.to_owned(),
            distribution: None,
            invoke: invoke.url(),
            sqs: messaging.sqs.url(),
            events: messaging.events.url(),
            failure_queue: messaging.failure_queue.clone(),
        };
        Ok(Stack {
            front_door,
            _invoke_api: invoke,
            stream_mapping,
            functions,
            messaging,
            valkey,
            dynamodb,
            endpoints,
            logs,
            _env_file: env_file,
        })
    }

    /// How far the stream's mapping is.
    pub fn stream_progress(&self) -> tokio::sync::watch::Receiver<local_events::mapping::stream::Progress> {
        self.stream_mapping.progress()
    }

    /// Ends everything: the door first, the database last.
    pub async fn stop(self) {
        drop(self.front_door);
        self.functions.stop().await;
        self.valkey.kill().await;
    }
}

/// The mapping from the table's stream to its function, as the template has it: retries are unlimited within just under
/// the stream's 24 hours, so that an outage of the cache drops nothing.
async fn map_stream(
    dynamodb: &DynamoDb,
    messaging: &Messaging,
    functions: &Functions,
    poll_interval: Duration,
) -> Result<StreamMapping, StartError> {
    let settings = StreamSettings {
        starting_position: StartingPosition::Latest,
        report_batch_item_failures: true,
        bisect_batch_on_function_error: true,
        maximum_record_age: Some(Duration::from_secs(84_600)),
        parallelization_factor: 2,
        on_failure: Some(messaging.failure_queue.clone()),
        poll_interval,
        ..StreamSettings::default()
    };
    let parts = StreamMappingParts {
        source: Arc::new(TableStream::new(dynamodb.database.clone(), dynamodb.stream_arn.clone())),
        function: MappedFunction {
            arn: function_arn(functions.stream_invalidator.name()),
            invoke: functions.stream_invalidator.clone(),
        },
        settings,
        filter: FilterCriteria::default(),
        queues: messaging.queues.clone(),
        clock: messaging.clock,
    };
    let failed = |error| StartError::Part { what: "the stream's mapping", reason: format!("{error}") };
    StreamMapping::start(parts).await.map_err(failed)
}

/// The HTTP API at the front door, and Lambda's Invoke API.
async fn serve(door: tokio::net::TcpListener, functions: &Functions) -> Result<(Server, Server), StartError> {
    let failed = |error: String| StartError::Part { what: "the API", reason: error };
    let route = |key, function: &Arc<local_lambda::Function>| {
        Route::new(key, function.clone() as Arc<dyn Invoke>).map_err(|error| failed(error.to_string()))
    };
    let routes = vec![
        route("ANY /api/admin/{proxy+}", &functions.write_api)?,
        route("ANY /api/{proxy+}", &functions.read_api)?,
    ];
    let gateway = Gateway::new(routes).map_err(|error| failed(error.to_string()))?;
    let front_door = Server::start(door, gateway.into_router()).map_err(|error| failed(error.to_string()))?;
    let by_name =
        functions.all().into_iter().map(|f| (f.name().to_owned(), f.clone() as Arc<dyn Invoke>)).collect();
    let listener = listen("Lambda's Invoke API", 0).await?;
    let invoke = Server::start(listener, invoke_api(by_name)).map_err(|error| failed(error.to_string()))?;
    Ok((front_door, invoke))
}
