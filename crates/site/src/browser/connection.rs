//! Calls and events over Chromium's pipes: JSON messages, each ended by a zero byte.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{Notify, mpsc, oneshot};

use super::BrowserError;

/// A connection to a browser. Clones share it.
#[derive(Clone)]
pub(super) struct Connection {
    shared: Arc<Mutex<Shared>>,
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
}

#[derive(Default)]
struct Shared {
    last_id: u64,
    waiting: HashMap<u64, oneshot::Sender<Value>>,
    sessions: HashMap<String, Arc<Events>>,
}

/// The events of one session, from its beginning.
#[derive(Default)]
pub(super) struct Events {
    seen: Mutex<Vec<Value>>,
    came: Notify,
}

impl Connection {
    pub(super) fn new(stdin: ChildStdin, stdout: ChildStdout) -> Self {
        let (outgoing, messages) = mpsc::unbounded_channel();
        let shared = Arc::new(Mutex::new(Shared::default()));
        tokio::spawn(write(stdin, messages));
        tokio::spawn(read(stdout, shared.clone()));
        Connection { shared, outgoing }
    }

    /// Calls a method of the browser, or of a session with one of its targets.
    pub(super) async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        parameters: Value,
    ) -> Result<Value, BrowserError> {
        let (answered, answer) = oneshot::channel();
        let id = {
            let mut shared = lock(&self.shared);
            shared.last_id += 1;
            let id = shared.last_id;
            shared.waiting.insert(id, answered);
            id
        };
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let ended = || BrowserError::Ended(format!("it did not answer {method}"));
        self.outgoing.send(bytes).map_err(|_| ended())?;
        let mut answer = answer.await.map_err(|_| ended())?;
        match answer.get("error") {
            Some(error) => {
                let reason = error["message"].as_str().unwrap_or("it did not say why").to_owned();
                Err(BrowserError::Refused { method: method.to_owned(), reason })
            }
            None => Ok(answer["result"].take()),
        }
    }

    /// The events of a session.
    pub(super) fn events(&self, session: &str) -> Arc<Events> {
        lock(&self.shared).sessions.entry(session.to_owned()).or_default().clone()
    }
}

impl Events {
    /// Every event so far for which `pick` gives something.
    pub(super) fn all<T>(&self, pick: impl Fn(&Value) -> Option<T>) -> Vec<T> {
        lock(&self.seen).iter().filter_map(pick).collect()
    }

    /// Waits for an event of this name, unless it has come already.
    pub(super) async fn until(&self, method: &str) {
        loop {
            let came = self.came.notified();
            if lock(&self.seen).iter().any(|event| event["method"] == method) {
                return;
            }
            came.await;
        }
    }
}

async fn write(mut stdin: ChildStdin, mut messages: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(message) = messages.recv().await {
        if stdin.write_all(&message).await.is_err() {
            return;
        }
    }
}

/// Hands answers and events on until the browser ends; then whoever waits for an answer learns that none will come.
async fn read(stdout: ChildStdout, shared: Arc<Mutex<Shared>>) {
    let mut stdout = BufReader::new(stdout);
    let mut bytes = Vec::new();
    while stdout.read_until(0, &mut bytes).await.is_ok_and(|length| length > 0) {
        let json = bytes.strip_suffix(&[0]).unwrap_or(&bytes);
        let message: Value = serde_json::from_slice(json).unwrap_or_default();
        bytes.clear();
        let mut shared = lock(&shared);
        if let Some(waiting) = message["id"].as_u64().and_then(|id| shared.waiting.remove(&id)) {
            // Whoever asked may have stopped waiting.
            let _ = waiting.send(message);
        } else if let Some(session) = message["sessionId"].as_str() {
            let events = shared.sessions.entry(session.to_owned()).or_default().clone();
            lock(&events.seen).push(message);
            events.came.notify_waiters();
        }
    }
    lock(&shared).waiting.clear();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
