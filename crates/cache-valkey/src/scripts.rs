//! The scripts, and what their answers mean.

use cache::{Begun, FillOutcome, Head, Invalidated, StoreError};

/// A script, hashed once.
pub(crate) struct Script {
    pub(crate) code: String,
    pub(crate) hash: String,
}

/// The scripts.
pub(crate) struct Scripts {
    pub(crate) begin_fill: Script,
    pub(crate) fill: Script,
    pub(crate) raise_floor: Script,
    pub(crate) drop: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        let script = |body: &str| {
            let code = format!("{}{body}", include_str!("scripts/head.lua"));
            let hash = redis::Script::new(&code).get_hash().to_owned();
            Script { code, hash }
        };
        Scripts {
            begin_fill: script(include_str!("scripts/begin_fill.lua")),
            fill: script(include_str!("scripts/fill.lua")),
            raise_floor: script(include_str!("scripts/raise_floor.lua")),
            drop: script(include_str!("scripts/drop.lua")),
        }
    }
}

pub(crate) fn begun((lease, head): (u8, Vec<u8>)) -> Result<Begun, StoreError> {
    let head =
        Head::decode(&head).map_err(|error| StoreError::Refused(format!("begin_fill answered: {error}")))?;
    Ok(Begun { head, holds_lease: lease == 1 })
}

pub(crate) fn fill_outcome(code: u8) -> Result<FillOutcome, StoreError> {
    match code {
        0 => Ok(FillOutcome::Stored),
        1 => Ok(FillOutcome::RefusedToken),
        2 => Ok(FillOutcome::RefusedFloor),
        3 => Ok(FillOutcome::RefusedNewer),
        other => Err(StoreError::Refused(format!("fill answered {other}"))),
    }
}

pub(crate) fn invalidated(code: u8) -> Result<Invalidated, StoreError> {
    match code {
        0 => Ok(Invalidated::Empty),
        1 => Ok(Invalidated::Unchanged),
        2 => Ok(Invalidated::Raised),
        3 => Ok(Invalidated::Dropped),
        other => Err(StoreError::Refused(format!("invalidate answered {other}"))),
    }
}
