//! One batch: invokes the function and deletes the messages it has taken. What it has not taken comes back by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use local_lambda::InvokeError;
use tokio::time::{Instant, sleep};

use super::super::ENVELOPE;
use super::super::answer::{ItemFailures, item_failures};
use super::gather::Held;
use super::mapping::Context;

/// Which messages of the batch failed.
enum Outcome {
    None,
    Some(BTreeSet<String>),
    All,
}

pub(super) async fn run(context: Arc<Context>, batch: Vec<Held>) {
    let outcome = invoke(&context, &batch).await;
    let failed = |held: &Held| match &outcome {
        Outcome::None => false,
        Outcome::Some(ids) => ids.contains(&held.message_id),
        Outcome::All => true,
    };
    let (returned, taken): (Vec<_>, Vec<_>) = batch.iter().partition(|held| failed(held));
    taken.iter().for_each(|held| context.delete(&held.receipt_handle));
    context.progress.send_modify(|progress| {
        progress.succeeded += taken.len() as u64;
        progress.returned += returned.len() as u64;
    });
}

async fn invoke(context: &Context, batch: &[Held]) -> Outcome {
    let function = &context.function;
    let payload = payload(batch);
    let mut throttles = 0;
    let answer = loop {
        match function.invoke.invoke(payload.clone()).await {
            Err(InvokeError::Throttled) => {
                throttles += 1;
                context.progress.send_modify(|progress| progress.throttles += 1);
                let again = Instant::now() + context.settings.backoff.after(throttles);
                // Once others can receive them, these are no longer ours to deliver.
                if context.stop.is_requested() || batch.iter().any(|held| held.visible_at <= again) {
                    return Outcome::All;
                }
                tokio::select! {
                    () = sleep(context.settings.backoff.after(throttles)) => {}
                    () = context.stop.requested() => return Outcome::All,
                }
            }
            answer => break answer,
        }
    };
    let outcome = match answer {
        Err(error) => {
            tracing::warn!(function = function.arn, messages = batch.len(), %error, "batch failed");
            Outcome::All
        }
        Ok(answer) if context.settings.report_batch_item_failures => reported(batch, &answer),
        Ok(_) => Outcome::None,
    };
    context.progress.send_modify(|progress| {
        progress.invocations += 1;
        progress.failed_invocations += u64::from(!matches!(outcome, Outcome::None));
    });
    outcome
}

/// An unreadable report, and an id that is not in the batch, fail every message ("Handling errors for an SQS event source in
/// Lambda", success and failure conditions).
fn reported(batch: &[Held], answer: &[u8]) -> Outcome {
    let ids = match item_failures(answer) {
        ItemFailures::None => return Outcome::None,
        ItemFailures::Unreadable => return Outcome::All,
        ItemFailures::Some(ids) => BTreeSet::from_iter(ids),
    };
    let known = |id: &String| batch.iter().any(|held| held.message_id == *id);
    if ids.iter().all(known) { Outcome::Some(ids) } else { Outcome::All }
}

fn payload(batch: &[Held]) -> Bytes {
    let records: Vec<&str> = batch.iter().map(|held| held.json.as_str()).collect();
    [ENVELOPE.0, &records.join(","), ENVELOPE.1].concat().into()
}
