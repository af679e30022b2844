//! The command line of the edge alone.

use clap::Parser;
use http::HeaderName;

/// An HTTP cache in front of one origin that obeys the origin's headers.
#[derive(Debug, Parser)]
#[command(name = "local-edge")]
pub struct Arguments {
    /// Where the origin listens, for example http://127.0.0.1:8000
    #[arg(long)]
    pub origin: http::Uri,
    /// The port on 127.0.0.1 to answer on
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// A second port, for CloudFront's invalidation API over distribution ELOCAL
    #[arg(long)]
    pub api_port: Option<u16>,
    /// The origin's response header that carries cache tags
    #[arg(long, default_value = "cache-tag")]
    pub tag_header: HeaderName,
}
