//! The shape of the payload, what is sent to be looked at later, the looks, the answer.

use std::sync::Arc;

use cache::Clock;
use futures::future::join_all;
use lambda_runtime::Diagnostic;
use lambda_support::Metrics;
use lambda_support::metrics::{Level, Metric};
use serde_json::{Value, json};

use crate::answer::{Answer, Unanswered};
use crate::ask::{Ask, JUDGED, Place};
use crate::finding::{Finding, Judged, dimensions};
use crate::judge::{Expected, SourceNeeded, judge};
use crate::message::{Change, Content, Look, Message};
use crate::queue::Queue;
use crate::sample::Sample;
use crate::schedule::{self, LOOKS};

/// Looks at changes, later.
pub struct Auditor {
    sample: Sample,
    ask: Arc<dyn Ask>,
    queue: Arc<dyn Queue>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

/// The payload is no batch of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payload has no Records")]
pub struct UnknownPayload;

impl From<UnknownPayload> for Diagnostic {
    fn from(error: UnknownPayload) -> Diagnostic {
        Diagnostic { error_type: "UnknownPayload".to_owned(), error_message: error.to_string() }
    }
}

/// A message has to come back.
struct Back;

impl Auditor {
    /// An auditor of the changes in `sample`, which asks with `ask` and sends itself its later looks through `queue`.
    pub fn new(
        sample: Sample,
        ask: Arc<dyn Ask>,
        queue: Arc<dyn Queue>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Auditor { sample, ask, queue, clock, metrics }
    }

    /// Handles a batch of SQS. The answer is the messages that are to come back: what cannot be read, which becomes a dead
    /// letter in the end, and changes whose looks could not be sent.
    pub async fn handle(&self, payload: Value) -> Result<Value, UnknownPayload> {
        let records = payload.get("Records").and_then(Value::as_array).ok_or(UnknownPayload)?;
        let messages: Vec<_> = records.iter().map(Message::read).collect();
        let results = join_all(messages.iter().map(|message| self.take(message))).await;
        self.metrics.finish(|_| {});
        let back = messages.iter().zip(results).filter(|(_, result)| result.is_err());
        let failures: Vec<_> = back.map(|(message, _)| json!({ "itemIdentifier": message.id })).collect();
        Ok(json!({ "batchItemFailures": failures }))
    }

    async fn take(&self, message: &Message) -> Result<(), Back> {
        match &message.content {
            Ok(Content::Change(change)) if self.sample.takes(change) => self.plan(change).await,
            Ok(Content::Change(_)) => Ok(()),
            Ok(Content::Look(look)) => {
                self.look(look).await;
                Ok(())
            }
            Err(reason) => {
                tracing::error!(message = message.id, %reason, "a message cannot be read");
                Err(Back)
            }
        }
    }

    /// Sends the looks at a change.
    async fn plan(&self, change: &Change) -> Result<(), Back> {
        let first = |expected, since| Look {
            product: change.product.clone(),
            version: change.version,
            event: change.event.clone(),
            trace: change.trace.clone(),
            expected,
            since,
            after: LOOKS[0],
        };
        let look = if change.ordered {
            let now = self.clock.now();
            first(Expected::AtLeast(change.version), change.published_at.unwrap_or(now))
        } else {
            // The source has this at the latest now, so every level is given its time from now on.
            match self.ask.ask(Place::Source, &change.product).await {
                Ok(source) => first(Expected::Like(source.state), self.clock.now()),
                Err(Unanswered(reason)) => {
                    self.give_up(change, &reason);
                    return Ok(());
                }
            }
        };
        let now = self.clock.now();
        let message = |after| {
            let delay = schedule::delay(after, look.since, now);
            (Look { after, ..look.clone() }.message(), delay)
        };
        self.queue.send(&LOOKS.map(message)).await.map_err(|error| {
            let (product, version) = (change.product.as_str(), change.version.0);
            tracing::warn!(product, version, event_id = change.event, %error, "looks were not sent; the change comes back");
            Back
        })
    }

    /// Nobody can tell what is expected: no level is asked, and none counts as consistent.
    fn give_up(&self, change: &Change, reason: &str) {
        let (product, version) = (change.product.as_str(), change.version.0);
        tracing::warn!(
            product,
            version,
            event_id = change.event,
            reason,
            "what a change has brought is not known"
        );
        for after in LOOKS {
            for level in [Level::Edge, Level::Api] {
                self.metrics.count(Metric::Unanswered, dimensions(level, after));
            }
        }
    }

    async fn look(&self, look: &Look) {
        let asked_at = self.clock.now();
        let answers = join_all(JUDGED.map(|place| self.ask.ask(place, &look.product))).await;
        let source = self.source_if_needed(look, &answers).await;
        let judged = answers.into_iter().map(|answer| judged(&look.expected, answer, source.as_ref()));
        let (edge, api): (Vec<_>, Vec<_>) =
            JUDGED.into_iter().zip(judged).partition(|(place, _)| matches!(place, Place::Edge(_)));
        let late = schedule::is_late(look.after, look.since, asked_at);
        let behind_by = asked_at.saturating_sub(look.since);
        let [edge, api] = [(Level::Edge, edge), (Level::Api, api)].map(|(level, judged)| {
            let finding = Finding::worst(judged.into_iter().map(|(_, judged)| judged));
            let finding = if late { finding.made_late() } else { finding };
            finding.report(look, level, behind_by, &self.metrics);
            finding.word()
        });
        tracing::info!(
            product = look.product.as_str(),
            version = look.version.0,
            event_id = look.event,
            upstream_trace_id = look.trace,
            after = schedule::span(look.after).as_secs(),
            asked_after_ms = behind_by,
            edge,
            api,
            "looked at a change"
        );
    }

    /// The source, if there is an answer that cannot be judged without it. It is asked after every answer has come: what
    /// it says then is at least as new as what they may show.
    async fn source_if_needed(
        &self,
        look: &Look,
        answers: &[Result<Answer, Unanswered>],
    ) -> Option<Result<Answer, Unanswered>> {
        let needed = answers.iter().flatten().any(|answer| judge(&look.expected, answer, None).is_err());
        if needed { Some(self.ask.ask(Place::Source, &look.product).await) } else { None }
    }
}

fn judged(
    expected: &Expected,
    answer: Result<Answer, Unanswered>,
    source: Option<&Result<Answer, Unanswered>>,
) -> Judged {
    let answer = answer?;
    match (judge(expected, &answer, source.and_then(|source| source.as_ref().ok())), source) {
        (Ok(verdict), _) => Ok((answer, verdict)),
        (Err(SourceNeeded), Some(Err(Unanswered(reason)))) => {
            Err(Unanswered(format!("the source did not answer: {reason}")))
        }
        (Err(SourceNeeded), _) => Err(Unanswered("the source was not asked".to_owned())),
    }
}
