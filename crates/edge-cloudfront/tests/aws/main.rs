//! CloudFront against the local edge's API, the ledger against an embedded DynamoDB.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cloudfront;
mod ledger;

use tokio::net::TcpListener;

/// A listener on a free port of loopback, and its URL.
async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}
