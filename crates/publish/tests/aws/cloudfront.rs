//! An edge over an origin, and the API that purges it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use catalog::edge::memory::MemoryLedger;
use http::{Method, Request};
use local_edge::{CloudFront, CloudFrontConfig, Edge, EdgeConfig};
use publish::edge::Distribution;

use crate::{Log, aws, serve};

pub const ID: &str = "E0TESTTESTTEST";

pub struct FakeEdge {
    pub edge: Edge,
    pub api: CloudFront,
    pub ledger: Arc<MemoryLedger>,
    pub url: String,
}

impl FakeEdge {
    /// Every purge, and the end of each that was waited for, is added to the log.
    pub async fn start(origin: Router, log: &Log, change: impl FnOnce(&mut CloudFrontConfig)) -> FakeEdge {
        let mut config = EdgeConfig::generic(serve(origin).await.parse().unwrap());
        config.tag_header = Some("cache-tag".parse().unwrap());
        let edge = Edge::new(config).unwrap();
        let mut config = CloudFrontConfig::new(ID);
        change(&mut config);
        let api = CloudFront::new(edge.clone(), config);
        let log = log.clone();
        let router = api.router().layer(from_fn(move |request, next| watch(log.clone(), request, next)));
        FakeEdge { edge, api, ledger: Arc::default(), url: serve(router).await }
    }

    pub fn client(&self) -> Distribution {
        let client = aws_sdk_cloudfront::Client::new(&aws(&self.url));
        Distribution::new(client, ID, Some(self.ledger.clone())).polled(Duration::from_millis(5))
    }

    /// What a viewer is shown.
    pub async fn get(&self, path: &str) -> String {
        let request = Request::get(format!("http://edge{path}")).body(Body::empty()).unwrap();
        let answer = self.edge.call(request).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let body = to_bytes(Body::new(answer.into_body()), 1 << 20).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    pub fn holds(&self, path: &str) -> bool {
        !self.edge.peek(&path.parse().unwrap()).is_empty()
    }
}

async fn watch(log: Log, request: axum::extract::Request, next: Next) -> Response {
    if request.method() == Method::POST {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&body).into_owned();
        let items = text.split("<Path>").skip(1).map(|rest| rest.split('<').next().unwrap());
        log.add(format!("purge {}", items.collect::<Vec<_>>().join(" ")));
        return next.run(Request::from_parts(parts, body.into())).await;
    }
    let (parts, body) = next.run(request).await.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    if String::from_utf8_lossy(&body).contains("Completed") {
        log.add("completed");
    }
    Response::from_parts(parts, body.into())
}
