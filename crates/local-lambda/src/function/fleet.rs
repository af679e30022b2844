//! The environments of one function: started on demand, reused while they live, supervised, ended together.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::serve::ListenerExt;
use bytes::Bytes;
use futures::future::join_all;
use tokio::net::TcpListener;
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

use super::config::FunctionConfig;
use super::environment::{Delivery, Environment, EnvironmentInfo, InitFailure, Outcome};
use super::error::StartError;
use super::logs::{LogStream, Sink, Tail};
use super::runtime_api::runtime_api;
use crate::arn::function_arn;
use crate::clock;
use crate::invoke::InvokeError;
use crate::process::Process;

/// How long the output of an ended process may still be read. It only matters if something else holds the pipe.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// How many environments may turn out dead when an invocation is handed to them, before it fails.
const DELIVERIES: usize = 3;

/// What a function has done since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Invocations handed to an environment.
    pub invocations: u64,
    /// Environments whose process was started, the first included.
    pub cold_starts: u64,
    /// Invocations that found no free environment in time.
    pub throttles: u64,
    /// Invocations whose environment was killed because their time was up.
    pub timeouts: u64,
}

#[derive(Default)]
struct Counts {
    invocations: AtomicU64,
    cold_starts: AtomicU64,
    throttles: AtomicU64,
    timeouts: AtomicU64,
}

struct Member {
    environment: Arc<Environment>,
    attendant: JoinHandle<()>,
}

#[derive(Default)]
struct Members {
    stopped: bool,
    /// Every environment whose process has not been reaped, by number.
    running: BTreeMap<u32, Member>,
    /// Those that wait for an invocation, the most recently used last.
    idle: Vec<Arc<Environment>>,
}

pub(super) struct Fleet {
    config: FunctionConfig,
    function: Arc<str>,
    arn: Arc<str>,
    /// One place per environment there may be; waiting for one is fair. A holder finds an idle environment, or there are
    /// fewer environments than places and it may start one.
    places: Arc<Semaphore>,
    members: Mutex<Members>,
    counts: Counts,
}

impl Fleet {
    pub(super) fn new(config: FunctionConfig) -> Arc<Self> {
        Arc::new(Self {
            function: config.name.as_str().into(),
            arn: function_arn(&config.name).into(),
            places: Arc::new(Semaphore::new(config.max_concurrency.clamp(1, Semaphore::MAX_PERMITS))),
            members: Mutex::default(),
            counts: Counts::default(),
            config,
        })
    }

    pub(super) fn config(&self) -> &FunctionConfig {
        &self.config
    }

    pub(super) fn places(&self) -> Arc<Semaphore> {
        self.places.clone()
    }

    pub(super) fn environments(&self) -> Vec<EnvironmentInfo> {
        self.members().running.values().map(|member| member.environment.info()).collect()
    }

    pub(super) fn counters(&self) -> Counters {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counters {
            invocations: read(&self.counts.invocations),
            cold_starts: read(&self.counts.cold_starts),
            throttles: read(&self.counts.throttles),
            timeouts: read(&self.counts.timeouts),
        }
    }

    pub(super) fn count_throttle(&self) {
        self.counts.throttles.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs one invocation for the holder of a place: in the most recently used idle environment, else in a new one.
    pub(super) async fn invoke(self: &Arc<Self>, payload: Bytes, trace_id: String) -> Outcome {
        let id = Uuid::new_v4().to_string();
        let (mut reply, outcome) = oneshot::channel();
        let mut delivery = Delivery { id, deadline_ms: 0, trace_id, payload };
        for _ in 0..DELIVERIES {
            let environment = match self.take_idle() {
                Some(environment) => environment,
                None => self.start_environment().await?,
            };
            delivery.deadline_ms = clock::unix_millis() + self.config.timeout.as_millis() as u64;
            match environment.deliver(delivery, reply) {
                Ok(()) => return self.outcome(environment, outcome).await,
                Err(undelivered) => (delivery, reply) = undelivered,
            }
            environment.kill();
        }
        Err(InvokeError::Exited("its environments ended as soon as they had started".into()))
    }

    async fn outcome(&self, environment: Arc<Environment>, outcome: oneshot::Receiver<Outcome>) -> Outcome {
        self.counts.invocations.fetch_add(1, Ordering::Relaxed);
        let outcome = match timeout(self.config.timeout, outcome).await {
            Ok(outcome) => outcome.unwrap_or_else(|_| Err(InvokeError::Exited("no answer".into()))),
            Err(_) => environment.timed_out(self.config.timeout),
        };
        if let Err(InvokeError::TimedOut { .. }) = outcome {
            self.counts.timeouts.fetch_add(1, Ordering::Relaxed);
        }
        self.keep(environment);
        outcome
    }

    /// Makes an environment available to the next invocation, unless it has ended.
    pub(super) fn keep(&self, environment: Arc<Environment>) {
        let mut members = self.members();
        if environment.is_frozen() && !members.stopped {
            members.idle.push(environment);
        }
    }

    fn take_idle(&self) -> Option<Arc<Environment>> {
        let mut members = self.members();
        while let Some(environment) = members.idle.pop() {
            if environment.is_frozen() {
                return Some(environment);
            }
        }
        None
    }

    /// Starts one more environment and waits until it asked for its first invocation.
    pub(super) async fn start_environment(self: &Arc<Self>) -> Result<Arc<Environment>, StartError> {
        let function = self.config.name.clone();
        let (number, environment, tail, ready) = self.launch().await?;
        let failure = match timeout(self.config.init_timeout, ready).await {
            Ok(Ok(Ok(()))) => return Ok(environment),
            Ok(Ok(Err(failure))) => Some(failure),
            Ok(Err(_)) => Some(InitFailure::Exited { status: "unknown".into() }),
            Err(_) => None,
        };
        environment.kill();
        let attendant = self.members().running.remove(&number).map(|member| member.attendant);
        if let Some(attendant) = attendant {
            let _ = attendant.await;
        }
        let stderr = tail.lines();
        Err(match failure {
            Some(InitFailure::Exited { status }) => StartError::Exited { function, status, stderr },
            Some(InitFailure::Reported { kind, message }) => {
                StartError::Init { function, kind, message, stderr }
            }
            None => {
                StartError::TimedOut { function, seconds: self.config.init_timeout.as_secs_f64(), stderr }
            }
        })
    }

    /// Starts a process and everything around it. From here on it is a member, and ended with the others.
    async fn launch(self: &Arc<Self>) -> Result<Launched, StartError> {
        let function = || self.config.name.clone();
        let listen = |source| StartError::Listen { function: function(), source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;

        let binary = &self.config.binary;
        let mut command = Command::new(binary);
        command.env_clear().envs(self.config.variables(&address.to_string()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::spawn(command).await.map_err(|source| StartError::Spawn {
            function: function(),
            binary: binary.clone(),
            source,
        })?;

        let number = self.counts.cold_starts.fetch_add(1, Ordering::Relaxed) as u32 + 1;
        let tail = Arc::new(Tail::default());
        let readers = self.read_output(number, &mut process, &tail);
        let (ready, readiness) = oneshot::channel();
        let environment = Arc::new(Environment::new(number, process, ready));
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let api = axum::serve(listener, runtime_api(environment.clone(), self.arn.clone()));
        let server = tokio::spawn(api.into_future());

        if !self.join(number, &environment, readers, server) {
            environment.kill();
            environment.process().ended().await;
            return Err(StartError::Stopped { function: function() });
        }
        Ok((number, environment, tail, readiness))
    }

    /// Makes an environment a member, unless the fleet was stopped meanwhile.
    fn join<S: Send + 'static>(
        self: &Arc<Self>,
        number: u32,
        environment: &Arc<Environment>,
        readers: Vec<JoinHandle<()>>,
        server: JoinHandle<S>,
    ) -> bool {
        let mut members = self.members();
        if members.stopped {
            server.abort();
            return false;
        }
        let attendant = tokio::spawn(self.clone().attend(number, environment.clone(), readers, server));
        members.running.insert(number, Member { environment: environment.clone(), attendant });
        true
    }

    fn read_output(&self, number: u32, process: &mut Process, tail: &Arc<Tail>) -> Vec<JoinHandle<()>> {
        let sink = |stream, tail| Sink {
            function: self.function.clone(),
            environment: number,
            stream,
            lines: self.config.logs.clone(),
            tail,
        };
        let stdout = process.take_stdout().and_then(|pipe| ChildStdout::from_std(pipe).ok());
        let stderr = process.take_stderr().and_then(|pipe| ChildStderr::from_std(pipe).ok());
        let stdout = stdout.map(|pipe| tokio::spawn(sink(LogStream::Stdout, None).drain(pipe)));
        let stderr = stderr.map(|pipe| tokio::spawn(sink(LogStream::Stderr, Some(tail.clone())).drain(pipe)));
        stdout.into_iter().chain(stderr).collect()
    }

    /// Stays with an environment until its process is reaped, then clears up after it.
    async fn attend<S>(
        self: Arc<Self>,
        number: u32,
        environment: Arc<Environment>,
        readers: Vec<JoinHandle<()>>,
        server: JoinHandle<S>,
    ) {
        let status = environment.process().ended().await;
        let abort: Vec<_> = readers.iter().map(JoinHandle::abort_handle).collect();
        if timeout(LAST_WORDS, join_all(readers)).await.is_err() {
            abort.iter().for_each(|reader| reader.abort());
        }
        server.abort();
        let _ = server.await;
        environment.ended(status.to_string());
        let mut members = self.members();
        members.idle.retain(|idle| !Arc::ptr_eq(idle, &environment));
        members.running.remove(&number);
    }

    /// Kills every process and lets no further one start.
    pub(super) fn shut_down(&self) {
        self.places.close();
        let mut members = self.members();
        members.stopped = true;
        members.idle.clear();
        members.running.values().for_each(|member| member.environment.kill());
    }

    /// As [`Fleet::shut_down`], and waits until the processes are reaped and their ports free.
    pub(super) async fn stop(&self) {
        self.shut_down();
        let running = std::mem::take(&mut self.members().running);
        join_all(running.into_values().map(|member| member.attendant)).await;
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An environment that is initialising: its number, itself, its last lines on stderr, and the news of its readiness.
type Launched = (u32, Arc<Environment>, Arc<Tail>, oneshot::Receiver<Result<(), InitFailure>>);
