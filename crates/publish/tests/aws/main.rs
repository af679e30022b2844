//! Publishing and purging against the local edge, its CloudFront API, and a bucket and a stack that answer as AWS does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bucket;
mod cloudfront;
mod purging;
mod refusals;
mod site;
mod stack;

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudfront::config::retry::RetryConfig;
use aws_sdk_cloudfront::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use tokio::net::TcpListener;

/// What the servers were asked for, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    /// What was added since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Serves on a free port of loopback until the test ends.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// What clients of a server here are made of.
fn aws(url: &str) -> SdkConfig {
    let credentials = Credentials::builder().access_key_id("id").secret_access_key("kept-secret");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::from_static("eu-west-1"))
        .retry_config(RetryConfig::disabled())
        .credentials_provider(SharedCredentialsProvider::new(credentials.provider_name("test").build()))
        .build()
}
