//! X-Ray trace ids, made where a request enters without one.

use uuid::Uuid;

use crate::clock;

/// The header that carries a trace id between services.
pub(crate) const TRACE_HEADER: &str = "x-amzn-trace-id";

/// A fresh root: `Root=1-<8 hex digits of unix seconds>-<24 random hex digits>`.
pub(crate) fn new_trace_id() -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("Root=1-{:08x}-{}", clock::unix_millis() / 1000, &random[..24])
}
