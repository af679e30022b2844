//! Against botocore 1.43.11: `botocore.auth.SigV4QueryAuth(credentials, "elasticache", region, expires=900).add_auth(request)`
//! with a `botocore.awsrequest.AWSRequest("GET", "http://<cache>/?Action=connect&User=<user>")` (and
//! `&ResourceType=ServerlessCache`), `botocore.auth.get_current_datetime` patched to 2026-11-21 03:04:05, then
//! `request.url.removeprefix("http://")`.

use std::collections::BTreeSet;

use aws_credential_types::Credentials;

use super::*;

const THEN: UnixMillis = 1_795_230_245_000;
const SERVERLESS: &str = "orders/?Action=connect&User=reader&ResourceType=ServerlessCache\
    &X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Feu-central-1%2Felasticache%2Faws4_request\
    &X-Amz-Date=20261121T030405Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=15c3cf69d1254a3df27c90153743d8673f809ac0d42e6664e37a4e6e79488115";
const NODES: &str = "orders-rg/?Action=connect&User=reader\
    &X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Fus-east-1%2Felasticache%2Faws4_request\
    &X-Amz-Date=20261121T030405Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=fbc62c4269110cbef8e51daf3405a02be350666384c42cd81bd8d4142f8d7e3f";
const SERVERLESS_WITH_SESSION: &str = "orders/?Action=connect&User=reader&ResourceType=ServerlessCache\
    &X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Feu-central-1%2Felasticache%2Faws4_request\
    &X-Amz-Date=20261121T030405Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
    &X-Amz-Security-Token=FwoGZX%2B%2Fsession%3D%3D\
    &X-Amz-Signature=cfd65e67e573e49c16ba4f60b9a7be65907bba707cb3fee1fec7c6fa58ea4242";

fn login(cache: &str, serverless: bool, region: &str, session: Option<&str>) -> IamLogin {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let credentials = Credentials::from_keys("AKIDEXAMPLE", secret, session.map(str::to_owned));
    IamLogin {
        user: "reader".to_owned(),
        cache: cache.to_owned(),
        serverless,
        region: region.to_owned(),
        credentials: SharedCredentialsProvider::new(credentials),
    }
}

/// The parts of a token; their order is free, because a signature is over the sorted ones.
fn parts(token: &str) -> (String, BTreeSet<String>) {
    let (cache, query) = token.split_once("/?").unwrap();
    (cache.to_owned(), query.split('&').map(str::to_owned).collect())
}

#[tokio::test]
async fn a_token_is_what_botocore_makes_of_it() {
    let session = Some("FwoGZX+/session==");
    for (login, golden) in [
        (login("orders", true, "eu-central-1", None), SERVERLESS),
        (login("orders-rg", false, "us-east-1", None), NODES),
        (login("orders", true, "eu-central-1", session), SERVERLESS_WITH_SESSION),
    ] {
        let token = login.token(THEN).await.unwrap();
        assert_eq!(parts(&token), parts(golden), "{token}");
        assert_ne!(login.token(THEN + 1_000).await.unwrap(), token, "each moment has its own");
    }
}

#[tokio::test]
async fn a_user_is_encoded_and_no_secret_is_printed() {
    let login = IamLogin { user: "a b&c".to_owned(), ..login("orders", true, "eu-central-1", None) };
    assert!(login.token(THEN).await.unwrap().contains("User=a+b%26c&"));
    let printed = format!("{login:?}");
    assert!(printed.contains("orders") && !printed.contains("wJalr"), "{printed}");
}
