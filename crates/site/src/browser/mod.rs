//! A headless Chromium for tests of pages, driven by its DevTools protocol over a pair of pipes.
//!
//! - [`Browser`]: starts Chromium with a profile of its own, and ends it
//! - [`Page`]: opens an address as a given device, presses keys, evaluates, waits, and tells what the console complained of
//! - `connection`: calls and events
//!
//! Pipes need no port and no WebSocket, and Chromium ends when they close. The protocol is used as JSON: typed bindings
//! of all of it take longer to compile than everything else here.

mod connection;
mod page;
mod process;

pub use page::{Device, Key, Page};
pub use process::Browser;

/// What can go wrong with a browser.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// There is no Chromium.
    #[error(
        "no Chromium found: install it (Debian and Ubuntu: apt-get install chromium), or name its program in CHROMIUM"
    )]
    NotInstalled,
    /// It could not be started.
    #[error("Chromium did not start: {0}")]
    Start(#[from] std::io::Error),
    /// It has ended, with the last it said.
    #[error("Chromium has ended: {0}")]
    Ended(String),
    /// It refused a call.
    #[error("{method} failed: {reason}")]
    Refused {
        /// The call.
        method: String,
        /// Why.
        reason: String,
    },
    /// A script threw.
    #[error("the script threw: {0}")]
    Threw(String),
    /// What was waited for did not happen.
    #[error("waited {seconds} s in vain for {what}")]
    InVain {
        /// What.
        what: String,
        /// How long.
        seconds: u64,
    },
}
