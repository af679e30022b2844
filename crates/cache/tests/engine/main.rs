//! The engine over the memory fake: every race is made to happen, by letting the loader do the other party's part.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod reads;
mod world;
