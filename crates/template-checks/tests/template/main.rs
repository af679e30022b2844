//! The template and the code agree.

mod behaviour;
mod environment;
mod functions;
mod permissions;
mod recorder;
mod sources;
mod times;
mod waivers;
