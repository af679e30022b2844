use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use http::StatusCode;
use publish::arguments::Place;
use publish::stack::{Parts, needed};

use crate::{aws, serve};

const OUTPUTS: &str = "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
    <DescribeStacksResult><Stacks><member><StackName>tidemark-dev</StackName><CreationTime>2026-11-01T00:00:00Z</CreationTime>\
    <StackStatus>UPDATE_COMPLETE</StackStatus><Outputs>\
    <member><OutputKey>SiteBucketName</OutputKey><OutputValue>the-bucket</OutputValue></member>\
    <member><OutputKey>DistributionId</OutputKey><OutputValue>E1</OutputValue></member>\
    <member><OutputKey>ControlTableName</OutputKey><OutputValue>the-table</OutputValue></member>\
    <member><OutputKey>EdgeUrl</OutputKey><OutputValue>https://d1.cloudfront.net</OutputValue></member>\
    </Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>";
const UNKNOWN: &str = "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error><Type>Sender</Type>\
    <Code>ValidationError</Code><Message>Stack with id other does not exist</Message></Error></ErrorResponse>";

async fn cloudformation() -> String {
    let answer = |request: Request| async move {
        let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        match body.contains("Action=DescribeStacks") && body.contains("StackName=tidemark-dev") {
            true => OUTPUTS.into_response(),
            false => (StatusCode::BAD_REQUEST, UNKNOWN).into_response(),
        }
    };
    serve(Router::new().fallback(answer)).await
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn a_stack_says_where_its_parts_are_and_the_command_line_says_otherwise() {
    let aws = aws(&cloudformation().await);
    let place = Place { stack: some("tidemark-dev"), ..Place::default() };
    let parts = Parts::find(&place, None, &aws).await.unwrap();
    let of_stack = Parts {
        bucket: some("the-bucket"),
        distribution: some("E1"),
        control_table: some("the-table"),
        url: some("https://d1.cloudfront.net"),
    };
    assert_eq!(parts, of_stack);
    let place = Place { distribution: some("E2"), ..place };
    let parts = Parts::find(&place, Some("another"), &aws).await.unwrap();
    assert_eq!(parts, Parts { bucket: some("another"), distribution: some("E2"), ..of_stack });
}

#[tokio::test]
async fn a_stack_that_is_not_there_is_named() {
    let place = Place { stack: some("other"), ..Place::default() };
    let failure = Parts::find(&place, None, &aws(&cloudformation().await)).await.unwrap_err().to_string();
    assert!(failure.contains("reading stack other") && failure.contains("does not exist"), "{failure}");
}

#[tokio::test]
async fn what_nobody_names_is_asked_for() {
    let parts = Parts::find(&Place::default(), None, &aws("http://127.0.0.1:1")).await.unwrap();
    assert_eq!(parts, Parts::default(), "nothing is asked where no stack is named");
    let failure = needed(&parts.bucket, "--bucket", "SiteBucketName").unwrap_err().to_string();
    assert!(failure.contains("--stack NAME or --bucket"), "{failure}");
}
