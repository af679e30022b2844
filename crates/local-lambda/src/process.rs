//! Child processes that never outlive this one.
//!
//! Three ways a child could be left behind, and what stands against each:
//! - this process is killed: `PR_SET_PDEATHSIG` ends the child. The signal fires when the *thread* that forked ends, so
//!   every child has a thread of its own that forks it, waits for it and reaps it;
//! - the owner forgets it: dropping a [`Process`] kills it;
//! - the child starts further processes: it leads a process group, and signals go to the group. (That group is also why
//!   Ctrl-C in a terminal reaches this process only, which can then end its children in the right order.)

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use tokio::sync::{oneshot, watch};

/// The waiting thread only sits in a system call.
const STACK_BYTES: usize = 256 * 1024;

/// A running child process; killed when dropped, and when this process ends in whatever way.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    reaped: Arc<Mutex<bool>>,
    ended: watch::Receiver<Option<ExitStatus>>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

impl Process {
    /// Starts `command` as the leader of its own process group. Standard streams are as the command says.
    ///
    /// Fails as [`Command::spawn`] does, for instance with `NotFound`.
    pub async fn spawn(command: Command) -> io::Result<Self> {
        let (started, start) = oneshot::channel();
        let program = Path::new(command.get_program()).file_name().unwrap_or_default();
        thread::Builder::new()
            .name(format!("child {}", program.display()))
            .stack_size(STACK_BYTES)
            .spawn(move || attend(command, started))?;
        start.await.unwrap_or_else(|_| Err(io::Error::other("the thread of the child ended early")))
    }

    /// The process id. It stays reserved until the end of the process was observed here.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// Hands out the reading end of its standard output, once, if the command piped it.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.stdout.take()
    }

    /// Hands out the reading end of its standard error, once, if the command piped it.
    pub fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.stderr.take()
    }

    /// Stops the group where it stands (SIGSTOP): no instruction of it runs until [`Process::thaw`].
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets a frozen group go on (SIGCONT).
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Asks the group to end (SIGTERM).
    pub fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Ends the group (SIGKILL), frozen or not.
    pub fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Waits until the process has ended and was reaped.
    pub async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or_default(),
            Err(_) => ExitStatus::default(),
        }
    }

    /// Whether the process has ended, also if that was not observed yet by [`Process::ended`].
    pub fn has_ended(&self) -> bool {
        let reaped = lock(&self.reaped);
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        *reaped || waitid(Id::Pid(self.pid), look) != Ok(WaitStatus::StillAlive)
    }

    /// Terminates the process, kills it if it still runs after `grace`, and returns once it was reaped.
    pub async fn stop(&self, grace: Duration) -> ExitStatus {
        self.terminate();
        if let Ok(status) = tokio::time::timeout(grace, self.ended()).await {
            return status;
        }
        self.kill();
        self.ended().await
    }

    /// Does nothing once the process was reaped: from then on its id may be another's.
    fn signal(&self, signal: Signal) {
        let reaped = lock(&self.reaped);
        if !*reaped {
            let _ = killpg(self.pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The life of a child, in the thread that is its parent as far as the kernel's death signal is concerned.
fn attend(mut command: Command, started: oneshot::Sender<io::Result<Process>>) {
    command.process_group(0);
    end_with_the_forking_thread(&mut command);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    let pid = Pid::from_raw(child.id().cast_signed());
    let reaped = Arc::new(Mutex::new(false));
    let (ended, ended_rx) = watch::channel(None);
    let process = Process {
        pid,
        reaped: reaped.clone(),
        ended: ended_rx,
        stdout: child.stdout.take(),
        stderr: child.stderr.take(),
    };
    // Nobody waits any more: the process is dropped here, and with it killed.
    drop(started.send(Ok(process)));
    ended.send_replace(Some(wait(&mut child, pid, &reaped)));
}

/// Waits without reaping first, so that no signal can be sent between the release of the id and our knowledge of it.
fn wait(child: &mut Child, pid: Pid, reaped: &Mutex<bool>) -> ExitStatus {
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(Errno::EINTR) {}
    let mut reaped = lock(reaped);
    let _ = killpg(pid, Signal::SIGKILL);
    *reaped = true;
    child.wait().unwrap_or_default()
}

fn lock(reaped: &Mutex<bool>) -> MutexGuard<'_, bool> {
    reaped.lock().unwrap_or_else(PoisonError::into_inner)
}

#[allow(unsafe_code, reason = "the standard library offers no safe way to run code between fork and exec")]
fn end_with_the_forking_thread(command: &mut Command) {
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; `prctl` is one, and nothing is allocated.
    unsafe {
        command.pre_exec(|| prctl::set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from));
    }
}
