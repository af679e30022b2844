use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::config::retry::RetryConfig;
use aws_sdk_cloudfront::config::{BehaviorVersion, Config, Credentials, Region};
use axum::Router;
use axum::body::Body;
use catalog::edge::{Edge as _, EdgeError, Item};
use edge_cloudfront::CloudFrontEdge;
use http::{Request, StatusCode, header};
use local_edge::{CloudFront, CloudFrontConfig, Edge, EdgeConfig, Fault, ReferenceConflict};

use crate::listen;

const DISTRIBUTION: &str = "E0TESTTESTTEST";

/// An edge over an origin whose answers are stored and tagged by their path, and the API that purges it.
struct Stack {
    edge: Edge,
    api: CloudFront,
    url: String,
}

async fn stack(change: impl FnOnce(&mut CloudFrontConfig)) -> Stack {
    let (listener, origin) = listen().await;
    let answer = |request: Request<Body>| async move {
        let name = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        let headers = [
            (header::CACHE_CONTROL.as_str(), "s-maxage=60".to_owned()),
            ("cache-tag", format!("product:{name},category:shoes")),
        ];
        (headers, name)
    };
    serve(listener, Router::new().fallback(answer));
    let mut config = EdgeConfig::generic(origin.parse().unwrap());
    config.tag_header = Some("cache-tag".parse().unwrap());
    let edge = Edge::new(config).unwrap();
    let mut config = CloudFrontConfig::new(DISTRIBUTION);
    change(&mut config);
    let api = CloudFront::new(edge.clone(), config);
    let (listener, url) = listen().await;
    serve(listener, api.router());
    Stack { edge, api, url }
}

fn serve(listener: tokio::net::TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
}

impl Stack {
    fn cloudfront(&self, distribution: &str) -> CloudFrontEdge {
        CloudFrontEdge::new(client(&self.url), distribution)
    }

    /// Has the edge store these products.
    async fn store(&self, products: &[&str]) {
        for product in products {
            let request =
                Request::get(format!("http://edge/api/products/{product}")).body(Body::empty()).unwrap();
            assert_eq!(self.edge.call(request).await.status(), StatusCode::OK);
            assert!(self.holds(product), "{product} is stored");
        }
    }

    fn holds(&self, product: &str) -> bool {
        !self.edge.peek(&format!("/api/products/{product}").parse().unwrap()).is_empty()
    }
}

fn client(url: &str) -> Client {
    let credentials = Credentials::builder().access_key_id("local").secret_access_key("local");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::from_static("us-east-1"))
        .retry_config(RetryConfig::disabled())
        .credentials_provider(credentials.provider_name("test").build());
    Client::from_conf(config.build())
}

fn items(texts: &[&str]) -> Vec<Item> {
    texts.iter().map(|text| Item::parse(text).unwrap()).collect()
}

#[tokio::test]
async fn a_tag_a_path_and_a_wildcard_purge_what_they_name() {
    let stack = stack(|_| {}).await;
    let cloudfront = stack.cloudfront(DISTRIBUTION);
    stack.store(&["b-1", "b-2", "b-3"]).await;
    cloudfront.invalidate(&items(&["#product:b-1", "/api/products/b-2"]), "r-1").await.unwrap();
    assert_eq!(["b-1", "b-2", "b-3"].map(|id| stack.holds(id)), [false, false, true]);
    stack.store(&["b-1", "b-2"]).await;
    cloudfront.invalidate(&items(&["#category:shoes"]), "r-2").await.unwrap();
    assert_eq!(["b-1", "b-2", "b-3"].map(|id| stack.holds(id)), [false; 3]);
    stack.store(&["b-1", "b-2"]).await;
    cloudfront.invalidate(&[Item::every_product()], "r-3").await.unwrap();
    assert_eq!(["b-1", "b-2"].map(|id| stack.holds(id)), [false; 2]);
    assert_eq!(stack.api.accepted(), (3, 4));
}

#[tokio::test]
async fn the_same_reference_with_the_same_items_is_one_invalidation_and_with_others_none() {
    for conflict in [ReferenceConflict::AlreadyExists, ReferenceConflict::InvalidArgument] {
        let stack = stack(|config| config.conflict = conflict).await;
        let cloudfront = stack.cloudfront(DISTRIBUTION);
        for _ in 0..2 {
            cloudfront.invalidate(&items(&["#a"]), "r-1").await.unwrap();
        }
        let refused = cloudfront.invalidate(&items(&["#b"]), "r-1").await;
        assert_eq!(refused, Err(EdgeError::AlreadyAsked), "{conflict:?}");
        assert_eq!(stack.api.accepted(), (1, 1));
    }
}

#[tokio::test]
async fn what_passes_is_busy() {
    let stack = stack(|config| config.quotas.wildcards_in_progress = 0).await;
    let cloudfront = stack.cloudfront(DISTRIBUTION);
    for fault in [Fault::TooManyInvalidationsInProgress, Fault::Throttling, Fault::ServiceUnavailable] {
        stack.api.faults().refuse_next(1, fault);
        let refused = cloudfront.invalidate(&items(&["#a"]), "r-1").await;
        assert!(matches!(refused, Err(EdgeError::Busy(_))), "{fault:?}: {refused:?}");
        cloudfront.invalidate(&items(&["#a"]), "r-1").await.unwrap();
    }
    let refused = cloudfront.invalidate(&[Item::every_product()], "r-2").await;
    assert!(matches!(refused, Err(EdgeError::Busy(_))), "a quota: {refused:?}");
}

#[tokio::test]
async fn what_does_not_pass_is_a_failure_that_says_what_is_wrong() {
    let stack = stack(|config| config.quotas.items_per_batch = 1).await;
    let failure = |result| match result {
        Err(EdgeError::Failed(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let unknown = failure(stack.cloudfront("E0OTHER").invalidate(&items(&["#a"]), "r").await);
    assert!(unknown.contains("NoSuchDistribution"), "{unknown}");
    let large = failure(stack.cloudfront(DISTRIBUTION).invalidate(&items(&["#a", "#b"]), "r").await);
    assert!(large.contains("BatchTooLarge"), "{large}");
    let gone = CloudFrontEdge::new(client("http://127.0.0.1:1"), DISTRIBUTION);
    assert!(failure(gone.invalidate(&items(&["#a"]), "r").await).starts_with("CloudFront: "));
}
