//! JSON logs on standard output, one line an event, as Lambda's own JSON format has them.

use tracing_subscriber::EnvFilter;

/// Starts logging at the level in `LOG_LEVEL` (a `tracing` filter; default `info`). A second call does nothing.
pub fn start() {
    let filter = EnvFilter::try_from_env("LOG_LEVEL").unwrap_or_else(|_| EnvFilter::new("info"));
    let _already_started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false)
        .with_env_filter(filter)
        .try_init();
}
