//! What is said when AWS refuses.

use http::StatusCode;
use publish::edge::Distribution;
use publish::purge::items;
use publish::site::Bucket;

use crate::bucket::FakeBucket;
use crate::{Log, aws};

async fn listing(bucket: Bucket) -> String {
    let failure = bucket.held().await.unwrap_err();
    assert_eq!(failure.exit_code(), 1);
    failure.to_string()
}

#[tokio::test]
async fn a_missing_bucket_a_missing_permission_and_a_wrong_region_are_told_apart() {
    let fake = FakeBucket::start(&Log::default()).await;
    let missing = listing(fake.client_of("other")).await;
    assert!(missing.contains("listing bucket other: NoSuchBucket"), "{missing}");
    assert!(missing.contains("the stack's outputs"), "{missing}");

    fake.refuse("LIST", StatusCode::FORBIDDEN, "AccessDenied");
    let denied = listing(fake.client()).await;
    assert!(
        denied.contains("the role in use needs s3:ListBucket on arn:aws:s3:::site-under-test"),
        "{denied}"
    );

    fake.refuse("LIST", StatusCode::MOVED_PERMANENTLY, "PermanentRedirect");
    let moved = listing(fake.client()).await;
    assert!(moved.contains("the bucket is in us-west-2: add --region us-west-2"), "{moved}");

    fake.refuse("LIST", StatusCode::BAD_REQUEST, "ExpiredToken");
    assert!(listing(fake.client()).await.contains("log in again"));

    fake.allow("LIST");
    fake.put("app.js", "x");
    fake.refuse("HEAD app.js", StatusCode::FORBIDDEN, "");
    let unread = listing(fake.client()).await;
    assert!(unread.contains("of app.js") && unread.contains("HTTP status 403"), "{unread}");
    assert!(unread.contains("s3:GetObject on arn:aws:s3:::site-under-test/*"), "{unread}");
}

#[tokio::test]
async fn what_does_not_answer_is_named_and_no_secret_is_told() {
    let client = aws_sdk_cloudfront::Client::new(&aws("http://127.0.0.1:1"));
    let edge = Distribution::new(client, "E1", None);
    let failure = edge.purge(&items(&[], &[], true).unwrap(), "now", 0).await.unwrap_err();
    let said = format!("{failure}\n{failure:?}");
    assert!(said.contains("purging 1 items of distribution E1"), "{said}");
    assert!(!said.contains("kept-secret"), "{said}");
}

#[tokio::test]
async fn missing_credentials_are_explained() {
    let nobody = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::from_static("eu-west-1"))
        .build();
    let edge = Distribution::new(aws_sdk_cloudfront::Client::new(&nobody), "E1", None);
    let failure = edge.purge(&items(&[], &[], true).unwrap(), "now", 0).await.unwrap_err();
    let nobody = failure.to_string();
    assert!(nobody.contains("set AWS_PROFILE"), "{nobody}");
}
