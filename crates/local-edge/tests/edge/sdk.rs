//! The AWS SDK for Rust against the API, with nothing changed but the endpoint.

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::config::retry::RetryConfig;
use aws_sdk_cloudfront::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cloudfront::error::ProvideErrorMetadata;
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use local_edge::{CloudFront, CloudFrontConfig, Fault};

use crate::support::{Scripted, edge, get, ok, serve};

fn client(url: &http::Uri) -> Client {
    let config = aws_sdk_cloudfront::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .endpoint_url(url.to_string().trim_end_matches('/'))
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

fn batch(reference: &str, items: &[&str]) -> InvalidationBatch {
    let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
    let paths =
        Paths::builder().quantity(items.len().try_into().unwrap()).set_items(Some(items)).build().unwrap();
    InvalidationBatch::builder().paths(paths).caller_reference(reference).build().unwrap()
}

#[tokio::test]
async fn the_sdk_creates_gets_and_lists_invalidations() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x").with("cache-tag", "p&q")]).await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    let client = client(&serve(CloudFront::new(edge.clone(), CloudFrontConfig::new("E1")).router()).await);
    let created =
        client.create_invalidation().distribution_id("E1").invalidation_batch(batch("r", &["#p&q", "/x<y>"]));
    // The angle brackets must be URL-encoded in a path; here they only show that XML is escaped both ways.
    let created = created.send().await.unwrap();
    assert!(created.location().unwrap().contains("/invalidation/I"));
    assert_eq!(edge.size().0, 0);
    let id = created.invalidation().unwrap().id();
    let got = client.get_invalidation().distribution_id("E1").id(id).send().await.unwrap();
    let got = got.invalidation().unwrap();
    assert_eq!((got.status(), got.id()), ("Completed", id));
    assert_eq!(got.invalidation_batch().unwrap().paths().unwrap().items(), ["#p&q", "/x<y>"]);
    assert!(got.create_time().secs() > 1_700_000_000);
    client
        .create_invalidation()
        .distribution_id("E1")
        .invalidation_batch(batch("s", &["/a"]))
        .send()
        .await
        .unwrap();
    let mut pages = client.list_invalidations().distribution_id("E1").max_items(1).into_paginator().send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        listed.extend(
            page.unwrap().invalidation_list().unwrap().items().iter().map(|item| item.id().to_owned()),
        );
    }
    assert_eq!((listed.len(), listed[1].as_str()), (2, id));
}

#[tokio::test]
async fn the_sdk_knows_every_error_by_its_type() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    let api = CloudFront::new(edge(&origin), CloudFrontConfig::new("E1"));
    let client = client(&serve(api.router()).await);
    let create = async |distribution: &str, batch: InvalidationBatch| {
        let call = client.create_invalidation().distribution_id(distribution).invalidation_batch(batch);
        call.send().await.unwrap_err().into_service_error()
    };
    assert!(create("E2", batch("r", &["/a"])).await.is_no_such_distribution());
    assert!(create("E1", batch("r", &["a"])).await.is_invalid_argument());
    let paths = Paths::builder().quantity(7).items("/a").build().unwrap();
    let wrong = InvalidationBatch::builder().paths(paths).caller_reference("r").build().unwrap();
    assert!(create("E1", wrong).await.is_inconsistent_quantities());
    assert!(create("E1", batch("r", &vec!["/a"; 3_001])).await.is_batch_too_large());
    api.faults().refuse_next(1, Fault::TooManyInvalidationsInProgress);
    assert!(create("E1", batch("r", &["/a"])).await.is_too_many_invalidations_in_progress());
    api.faults().refuse_next(1, Fault::Throttling);
    assert_eq!(create("E1", batch("r", &["/a"])).await.code(), Some("Throttling"));
    client
        .create_invalidation()
        .distribution_id("E1")
        .invalidation_batch(batch("r", &["/a"]))
        .send()
        .await
        .unwrap();
    let conflict = create("E1", batch("r", &["/b"])).await;
    assert_eq!(conflict.code(), Some("InvalidationBatchAlreadyExists"));
    let missing = client.get_invalidation().distribution_id("E1").id("I0").send().await;
    assert!(missing.unwrap_err().into_service_error().is_no_such_invalidation());
}
