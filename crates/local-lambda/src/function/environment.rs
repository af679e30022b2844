//! One execution environment: a process, what it is doing, and when it may run.
//!
//! The process may run from its start until it asks for its first invocation, and from each delivery of an invocation until
//! it asks for the next one. Whatever decides about that (`polled`, `deliver`) changes the phase and sends the signal under
//! one lock: a freeze that was decided earlier cannot reach the process after the thaw of a later invocation.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::invoke::InvokeError;
use crate::process::Process;

/// What an invocation comes to.
pub(super) type Outcome = Result<Bytes, InvokeError>;

/// An invocation on its way to the process.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) id: String,
    pub(super) deadline_ms: u64,
    pub(super) trace_id: String,
    pub(super) payload: Bytes,
}

/// How an initialisation failed, as far as the environment itself knows.
#[derive(Debug)]
pub(super) enum InitFailure {
    Reported { kind: String, message: String },
    Exited { status: String },
}

/// What an environment is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentState {
    /// It initialises: its process runs and has not asked for an invocation yet.
    Starting,
    /// It waits for an invocation; its process is stopped.
    Frozen,
    /// It works on an invocation.
    Running,
    /// Its process ended or is about to.
    Ended,
}

/// One environment, as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentInfo {
    /// Its number within the function, counted from 1, never used again.
    pub number: u32,
    /// The id of its process.
    pub pid: u32,
    /// What it is doing.
    pub state: EnvironmentState,
    /// How many invocations it was given.
    pub invocations: u64,
}

enum Phase {
    Starting { ready: oneshot::Sender<Result<(), InitFailure>> },
    Frozen { next: oneshot::Sender<Delivery> },
    Running { id: String, reply: oneshot::Sender<Outcome> },
    Answered { outcome: Outcome, reply: oneshot::Sender<Outcome> },
    Ended,
}

pub(super) struct Environment {
    number: u32,
    process: Process,
    phase: Mutex<Phase>,
    invocations: AtomicU64,
}

impl Environment {
    /// Takes over a process that was just started. `ready` is told how its initialisation went.
    pub(super) fn new(
        number: u32,
        process: Process,
        ready: oneshot::Sender<Result<(), InitFailure>>,
    ) -> Self {
        Self { number, process, phase: Mutex::new(Phase::Starting { ready }), invocations: AtomicU64::new(0) }
    }

    pub(super) fn process(&self) -> &Process {
        &self.process
    }

    pub(super) fn info(&self) -> EnvironmentInfo {
        let state = match *self.phase() {
            Phase::Starting { .. } => EnvironmentState::Starting,
            Phase::Frozen { .. } => EnvironmentState::Frozen,
            Phase::Running { .. } | Phase::Answered { .. } => EnvironmentState::Running,
            Phase::Ended => EnvironmentState::Ended,
        };
        let invocations = self.invocations.load(Ordering::Relaxed);
        EnvironmentInfo { number: self.number, pid: self.process.pid(), state, invocations }
    }

    pub(super) fn is_frozen(&self) -> bool {
        matches!(*self.phase(), Phase::Frozen { .. })
    }

    /// The process asked for its next invocation: it is frozen, and the answer it gave before goes to its caller.
    ///
    /// The caller is answered only now, not when the response was posted: whoever invokes again at once finds this
    /// environment ready instead of causing a cold start. `None` if the process may not ask: it has not answered yet.
    pub(super) fn polled(&self) -> Option<oneshot::Receiver<Delivery>> {
        let (next, delivery) = oneshot::channel();
        let mut phase = self.phase();
        match mem::replace(&mut *phase, Phase::Ended) {
            Phase::Starting { ready } => {
                self.process.freeze();
                *phase = Phase::Frozen { next };
                let _ = ready.send(Ok(()));
            }
            Phase::Answered { outcome, reply } => {
                self.process.freeze();
                *phase = Phase::Frozen { next };
                let _ = reply.send(outcome);
            }
            Phase::Frozen { .. } => *phase = Phase::Frozen { next },
            busy @ (Phase::Running { .. } | Phase::Ended) => {
                *phase = busy;
                return None;
            }
        }
        Some(delivery)
    }

    /// Thaws the process and hands it an invocation. Gives both back if it is not there to take it.
    pub(super) fn deliver(
        &self,
        delivery: Delivery,
        reply: oneshot::Sender<Outcome>,
    ) -> Result<(), (Delivery, oneshot::Sender<Outcome>)> {
        let mut phase = self.phase();
        let id = delivery.id.clone();
        match mem::replace(&mut *phase, Phase::Ended) {
            // Whatever ended a frozen process, the invocation must not suffer for it.
            Phase::Frozen { .. } if self.process.has_ended() => Err((delivery, reply)),
            Phase::Frozen { next } => {
                self.process.thaw();
                if let Err(delivery) = next.send(delivery) {
                    return Err((delivery, reply));
                }
                self.invocations.fetch_add(1, Ordering::Relaxed);
                *phase = Phase::Running { id, reply };
                Ok(())
            }
            other => {
                *phase = other;
                Err((delivery, reply))
            }
        }
    }

    /// The process answered invocation `id`. False if that is not the one it works on, or was answered already.
    pub(super) fn answered(&self, id: &str, outcome: Outcome) -> bool {
        let mut phase = self.phase();
        match mem::replace(&mut *phase, Phase::Ended) {
            Phase::Running { id: current, reply } if current == id => {
                *phase = Phase::Answered { outcome, reply };
                true
            }
            other => {
                *phase = other;
                false
            }
        }
    }

    /// The process reported that its initialisation failed. False if it is past that.
    pub(super) fn init_failed(&self, kind: String, message: String) -> bool {
        let mut phase = self.phase();
        match mem::replace(&mut *phase, Phase::Ended) {
            Phase::Starting { ready } => {
                let _ = ready.send(Err(InitFailure::Reported { kind, message }));
                true
            }
            other => {
                *phase = other;
                false
            }
        }
    }

    /// The time of the current invocation is up: the process is killed. An answer it had posted still counts.
    pub(super) fn timed_out(&self, timeout: Duration) -> Outcome {
        let phase = mem::replace(&mut *self.phase(), Phase::Ended);
        self.process.kill();
        match phase {
            Phase::Answered { outcome, .. } => outcome,
            _ => Err(InvokeError::TimedOut { seconds: timeout.as_secs_f64() }),
        }
    }

    /// Kills the process, whatever it does. Whoever waits for it hears of that when it has ended.
    pub(super) fn kill(&self) {
        self.process.kill();
    }

    /// The process has ended. An answer it had posted still counts.
    pub(super) fn ended(&self, status: String) {
        match mem::replace(&mut *self.phase(), Phase::Ended) {
            Phase::Starting { ready } => drop(ready.send(Err(InitFailure::Exited { status }))),
            Phase::Running { reply, .. } => drop(reply.send(Err(InvokeError::Exited(status)))),
            Phase::Answered { outcome, reply } => drop(reply.send(outcome)),
            Phase::Frozen { .. } | Phase::Ended => {}
        }
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    use nix::unistd::Pid;

    use super::*;

    fn delivery() -> Delivery {
        Delivery { id: "1".into(), deadline_ms: 0, trace_id: String::new(), payload: Bytes::new() }
    }

    async fn frozen() -> (Environment, oneshot::Receiver<Delivery>) {
        let mut command = Command::new("sleep");
        command.arg("60");
        let (ready, readiness) = oneshot::channel();
        let environment = Environment::new(1, Process::spawn(command).await.unwrap(), ready);
        let delivery = environment.polled().unwrap();
        readiness.await.unwrap().unwrap();
        (environment, delivery)
    }

    #[tokio::test]
    async fn an_invocation_is_not_handed_to_a_process_whose_end_nobody_has_noticed() {
        let (environment, mut next) = frozen().await;
        environment.kill();
        let id = Id::Pid(Pid::from_raw(environment.process().pid().cast_signed()));
        let _ = waitid(id, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);

        let (reply, _outcome) = oneshot::channel();
        assert!(environment.deliver(delivery(), reply).is_err());
        assert!(next.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_runtime_answers_the_current_invocation_before_it_asks_for_the_next() {
        let (environment, _next) = frozen().await;
        let (reply, mut outcome) = oneshot::channel();
        environment.deliver(delivery(), reply).unwrap();
        assert!(environment.polled().is_none());
        assert!(!environment.answered("another", Ok(Bytes::new())));

        assert!(environment.answered("1", Ok(Bytes::from_static(b"{}"))));
        assert!(outcome.try_recv().is_err(), "the caller is answered when the environment is ready again");
        let _next = environment.polled().unwrap();
        assert_eq!(outcome.try_recv().unwrap(), Ok(Bytes::from_static(b"{}")));
    }

    #[tokio::test]
    async fn an_answer_that_was_posted_counts_though_the_process_then_ends_or_hangs() {
        for ending in ["ends", "hangs"] {
            let (environment, _next) = frozen().await;
            let (reply, mut outcome) = oneshot::channel();
            environment.deliver(delivery(), reply).unwrap();
            assert!(environment.answered("1", Ok(Bytes::from_static(b"{}"))));
            let outcome = match ending {
                "hangs" => environment.timed_out(Duration::from_secs(3)),
                _ => {
                    environment.ended("exit status: 1".into());
                    outcome.try_recv().unwrap()
                }
            };
            assert_eq!(outcome, Ok(Bytes::from_static(b"{}")), "{ending}");
        }
    }
}
