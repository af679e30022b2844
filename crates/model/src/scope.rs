//! How large the world is.

use clap::{ArgAction, Args};

use crate::protocol::Variant;

/// What bounds a run, and what may happen in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct Scope {
    /// Readers at a time. Each begins another read when it has answered.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub readers: u8,
    /// Changes of the row, of any kind.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub writes: u8,
    /// The row may be deleted and created again, above its old version.
    #[arg(long)]
    pub deletes: bool,
    /// Writers that never heard of versions or of this cache may write (the version stays, or is taken away) and
    /// create (without one).
    #[arg(long)]
    pub foreign: bool,
    /// Foreign writers may also set the version back. A write-through after that repeats a version that is in use.
    #[arg(long)]
    pub lowering: bool,
    /// Writers tell the cache themselves, besides the stream. The flag: only the stream does.
    #[arg(long = "no-write-through", action = ArgAction::SetFalse)]
    pub write_through: bool,
    /// The record may be lost at any moment: evicted, expired, flushed. The flag: it never is.
    #[arg(long = "no-losses", action = ArgAction::SetFalse)]
    pub losses: bool,
    /// The readers are in one process and may join a running load.
    #[arg(long)]
    pub joining: bool,
    /// The readers are in one process and share an L1 in validated mode.
    #[arg(long)]
    pub l1: bool,
}

impl Scope {
    /// Two readers, two versioned writes, write-through, losses; nothing else.
    pub const DEFAULT: Scope = Scope {
        readers: 2,
        writes: 2,
        deletes: false,
        foreign: false,
        lowering: false,
        write_through: true,
        losses: true,
        joining: false,
        l1: false,
    };
}

impl Default for Scope {
    fn default() -> Self {
        Scope::DEFAULT
    }
}

/// The world to check: its size, and the protocol spoken in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheModel {
    /// How large the world is.
    pub scope: Scope,
    /// The protocol, or one of its broken variants.
    pub variant: Variant,
}
