//! One server.

use std::sync::Arc;

use redis::Value;

use crate::config::Address;
use crate::connection::{Connector, Link};
use crate::failure::Failure;
use crate::request::{Request, Spelling};

/// One server, with two shared connections: `WAIT` holds up everything behind it on its connection, so what waits for
/// replicas has one of its own.
pub(crate) struct Node {
    pub(crate) address: Address,
    prompt: Link,
    waiting: Link,
}

impl Node {
    pub(crate) fn new(connector: &Arc<Connector>, address: Address) -> Self {
        let link = || Link::new(connector.clone(), address.clone());
        Node { prompt: link(), waiting: link(), address }
    }

    /// Sends a request, and once more where another connection may do better.
    pub(crate) async fn request(&self, request: &Request<'_>) -> Result<Value, Failure> {
        match self.attempt(request, false).await {
            Err(failure) if failure.connection_is_to_blame() => self.attempt(&request.again(), false).await,
            answer => answer,
        }
    }

    /// Sends a request; a script in full if the server does not know it.
    pub(crate) async fn attempt(&self, request: &Request<'_>, asking: bool) -> Result<Value, Failure> {
        match self.send(request, asking, Spelling::Hash).await {
            Err(Failure::NoScript) => self.send(request, asking, Spelling::Full).await,
            answer => answer,
        }
    }

    /// Whether the server has left requests unanswered for longer than any may take.
    pub(crate) fn is_silent(&self) -> bool {
        self.prompt.is_silent() || self.waiting.is_silent()
    }

    /// Where a request without replicas goes.
    pub(crate) fn prompt(&self) -> &Link {
        &self.prompt
    }

    fn link(&self, request: &Request<'_>) -> &Link {
        if request.replicas.is_some() { &self.waiting } else { &self.prompt }
    }

    async fn send(&self, request: &Request<'_>, asking: bool, spelling: Spelling) -> Result<Value, Failure> {
        let link = self.link(request);
        let (answers, lane) = link.send(&request.commands(asking, spelling)).await?;
        let answer = request.answer(asking, answers);
        if matches!(answer, Err(Failure::Demoted(_))) {
            link.forget(lane);
        }
        answer
    }
}
