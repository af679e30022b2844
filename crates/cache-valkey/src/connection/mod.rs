//! Connections: how one is made ([`connector`]), and the one that the requests of this process share ([`link`]).

mod connector;
mod link;

pub(crate) use connector::Connector;
pub(crate) use link::Link;
