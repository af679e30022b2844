//! JSON logs on standard output, one object a line.
//!
//! | field | in which lines | meaning |
//! |---|---|---|
//! | `timestamp`, `level`, `message`, `target` | all | when (UTC, microseconds), how bad, what, which module says so |
//! | `request_id`, `trace_id` | all within an invocation | Lambda's request id; the root of the X-Ray trace |
//! | `step` | a change has come one level further | `written`, `told`, `published`, `purged`, or `waiting` (comes back) |
//! | `product`, `version` | about a change | what identifies it from write to edge, whoever wrote it; version 0: deleted, or without one |
//! | `event_id` | about a change, from the bus on | EventBridge's |
//! | `upstream_trace_id` | about a change, behind the queue | the trace of the invocation that published it |
//!
//! | level | means |
//! |---|---|
//! | ERROR | somebody must look: something cannot be read or answered |
//! | WARN | it will come back, or another way is taken |
//! | INFO | what happened: one line a change and level, one a batch; **none for an answered read** |
//! | DEBUG | what each read or call came to |
//!
//! A trace ends at the table: DynamoDB Streams carries no trace id. From there on `product` and `version` are the link, and
//! the stream's invocation begins a trace of its own, which goes with the event to the edge. One change, in CloudWatch Logs
//! Insights over the log groups of all functions:
//!
//! ```text
//! fields @timestamp, step, @log, product, version, event_id, request_id, trace_id, upstream_trace_id, message
//! | filter product = "boots-001" and version = 1795168800123
//! | sort @timestamp asc
//! ```
//!
//! and everything one invocation said: `filter request_id = "…"`. Lines of metrics have neither level nor message; see
//! [`metrics`](crate::metrics).
//!
//! The ids are held by the task that answers, not by a span: a span would cost each hit more than the rest of its logging.

use std::fmt;
use std::future::Future;
use std::io;

use serde::Serializer as _;
use serde::ser::SerializeMap;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// What holds unless [`start`] is told otherwise: errors of all, whatever a misspelt level was taken for. And `lambda_runtime`'s
/// span of each invocation says what [`within`] says, and costs more.
const QUIET: &str = "error,lambda_runtime=warn";

/// Starts logging at the level in `LOG_LEVEL` (a `tracing` filter; default `info`). A panic becomes a line as well. A second
/// call does nothing.
pub fn start() {
    let filter = filter(&std::env::var("LOG_LEVEL").unwrap_or_default());
    let started =
        tracing_subscriber::fmt().with_ansi(false).event_format(Lines).with_env_filter(filter).try_init();
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a bug: the invocation has panicked")));
    }
}

fn filter(wanted: &str) -> EnvFilter {
    let wanted = if wanted.is_empty() { "info" } else { wanted };
    EnvFilter::try_new(format!("{QUIET},{wanted}"))
        .unwrap_or_else(|_| EnvFilter::new(format!("{QUIET},info")))
}

/// What the lines of one invocation say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Invocation {
    request_id: String,
    trace_id: String,
}

tokio::task_local! {
    static INVOCATION: Invocation;
}

/// Does the work of one invocation: its log lines carry the request's id, and the root of the trace in the header
/// `X-Amzn-Trace-Id`.
pub async fn within<F: Future>(request_id: &str, trace_header: Option<&str>, work: F) -> F::Output {
    let trace_id = trace_header.map(trace_root).unwrap_or_default().to_owned();
    INVOCATION.scope(Invocation { request_id: request_id.to_owned(), trace_id }, work).await
}

/// As [`within`], with what the runtime says of the invocation.
pub async fn within_context<F: Future>(context: &lambda_runtime::Context, work: F) -> F::Output {
    within(&context.request_id, context.xray_trace_id.as_deref(), work).await
}

/// The root of an X-Ray trace header such as `Root=1-67891233-abcdef012345678912345678;Sampled=1`. A text without a root is
/// taken for one.
pub fn trace_root(header: &str) -> &str {
    header.split(';').find_map(|part| part.trim().strip_prefix("Root=")).unwrap_or(header)
}

/// The format of a line.
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _spans: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let line = line(event).map_err(|_| fmt::Error)?;
        writer.write_str(&line)?;
        writer.write_char('\n')
    }
}

fn line(event: &Event<'_>) -> Result<String, io::Error> {
    let mut timestamp = String::new();
    let _told = SystemTime.format_time(&mut Writer::new(&mut timestamp));
    let mut json = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::new(&mut json);
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("timestamp", &timestamp)?;
    map.serialize_entry("level", event.metadata().level().as_str())?;
    // Outside of an invocation there is none to name.
    let _outside = INVOCATION.try_with(|invocation| {
        map.serialize_entry("request_id", &invocation.request_id)?;
        map.serialize_entry("trace_id", &invocation.trace_id)
    });
    let mut fields = Fields { map, failed: None };
    event.record(&mut fields);
    let Fields { mut map, failed } = fields;
    failed.map_or(Ok(()), Err)?;
    map.serialize_entry("target", event.metadata().target())?;
    SerializeMap::end(map)?;
    Ok(String::from_utf8_lossy(&json).into_owned())
}

/// Writes an event's fields beside those of the line.
struct Fields<M: SerializeMap> {
    map: M,
    failed: Option<M::Error>,
}

impl<M: SerializeMap> Fields<M> {
    fn entry<T: serde::Serialize + ?Sized>(&mut self, field: &Field, value: &T) {
        if let Err(error) = self.map.serialize_entry(field.name(), value) {
            self.failed = Some(error);
        }
    }
}

impl<M: SerializeMap> Visit for Fields<M> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.entry(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.entry(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.entry(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.entry(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.entry(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.entry(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests;
