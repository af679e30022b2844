//! The engine over the memory fake: every race is made to happen, by letting the loader do the other party's part.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod batch;
mod early;
mod families;
mod invalid;
mod joining;
mod local;
mod reads;
mod sizes;
mod world;
