//! As much of S3 as publishing needs, with refusals on demand; its objects are what the edge's origin answers with.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use publish::site::Bucket;

use crate::{Log, aws, serve};

pub const NAME: &str = "site-under-test";
/// Objects of one page of a list.
const PAGE: usize = 3;

type Objects = BTreeMap<String, (HeaderMap, Bytes)>;

#[derive(Clone)]
pub struct FakeBucket {
    objects: Arc<Mutex<Objects>>,
    /// `METHOD key` and what it is answered with.
    refusals: Arc<Mutex<HashMap<String, (StatusCode, &'static str)>>>,
    log: Log,
    pub url: String,
}

impl FakeBucket {
    pub async fn start(log: &Log) -> FakeBucket {
        let fake = FakeBucket {
            objects: Arc::default(),
            refusals: Arc::default(),
            log: log.clone(),
            url: String::new(),
        };
        let router = Router::new().fallback(answer).with_state(fake.clone());
        FakeBucket { url: serve(router).await, ..fake }
    }

    pub fn client(&self) -> Bucket {
        self.client_of(NAME)
    }

    pub fn client_of(&self, name: &str) -> Bucket {
        let config = aws_sdk_s3::config::Builder::from(&aws(&self.url)).force_path_style(true);
        Bucket::new(Client::from_conf(config.build()), name)
    }

    pub fn refuse(&self, call: &str, status: StatusCode, code: &'static str) {
        self.refusals.lock().unwrap().insert(call.to_owned(), (status, code));
    }

    pub fn allow(&self, call: &str) {
        self.refusals.lock().unwrap().remove(call);
    }

    pub fn keys(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }

    pub fn header(&self, key: &str, name: &str) -> Option<String> {
        let objects = self.objects.lock().unwrap();
        objects[key].0.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    /// What another program puts there.
    pub fn put(&self, key: &str, text: &'static str) {
        self.objects
            .lock()
            .unwrap()
            .insert(key.to_owned(), (HeaderMap::new(), Bytes::from_static(text.as_bytes())));
    }

    /// As the distribution's origin, which knows the default root object.
    pub fn origin(&self) -> Router {
        let show = |State(fake): State<FakeBucket>, request: Request| async move {
            let path = request.uri().path().trim_start_matches('/');
            let key = if path.is_empty() { "index.html" } else { path };
            let found = fake.objects.lock().unwrap().get(key).cloned();
            found.map_or(StatusCode::FORBIDDEN.into_response(), IntoResponse::into_response)
        };
        Router::new().fallback(show).with_state(self.clone())
    }
}

async fn answer(State(fake): State<FakeBucket>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let method = if key.is_empty() { "LIST".to_owned() } else { parts.method.to_string() };
    let call = format!("{method} {key}").trim_end().to_owned();
    if !matches!(method.as_str(), "HEAD" | "LIST" | "GET") {
        fake.log.add(&call);
    }
    if bucket != NAME {
        return refused(&parts.method, StatusCode::NOT_FOUND, "NoSuchBucket");
    }
    if let Some((status, code)) = fake.refusals.lock().unwrap().get(&call).copied() {
        return refused(&parts.method, status, code);
    }
    let mut objects = fake.objects.lock().unwrap();
    match method.as_str() {
        "LIST" => list(&objects, parts.uri.query().unwrap_or_default()),
        "PUT" => {
            let kept = |name: &str| {
                matches!(name, "content-type" | "cache-control") || name.starts_with("x-amz-meta-")
            };
            let headers = parts.headers.iter().filter(|(name, _)| kept(name.as_str()));
            let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
            objects.insert(key.to_owned(), (headers, body));
            StatusCode::OK.into_response()
        }
        "DELETE" => {
            objects.remove(key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => match objects.get(key) {
            Some(object) => object.clone().into_response(),
            None => refused(&parts.method, StatusCode::NOT_FOUND, "NoSuchKey"),
        },
    }
}

fn list(objects: &Objects, query: &str) -> Response {
    let after =
        query.split('&').find_map(|pair| pair.strip_prefix("continuation-token=")).unwrap_or_default();
    let after = percent_encoding::percent_decode_str(after).decode_utf8_lossy();
    let keys: Vec<_> = objects.keys().filter(|key| ***key > *after).collect();
    let (page, rest) = keys.split_at(keys.len().min(PAGE));
    let contents: String = page.iter().map(|key| format!("<Contents><Key>{key}</Key></Contents>")).collect();
    let next = match (rest.is_empty(), page.last()) {
        (false, Some(last)) => format!("<NextContinuationToken>{last}</NextContinuationToken>"),
        _ => String::new(),
    };
    let truncated = !rest.is_empty();
    let xml = format!(
        "<ListBucketResult><Name>{NAME}</Name><IsTruncated>{truncated}</IsTruncated>{contents}{next}</ListBucketResult>"
    );
    ([(header::CONTENT_TYPE, "application/xml")], xml).into_response()
}

/// An answer to HEAD has no body, so no code either.
fn refused(method: &Method, status: StatusCode, code: &str) -> Response {
    let region = [("x-amz-bucket-region", "us-west-2")];
    let headers = (status == StatusCode::MOVED_PERMANENTLY).then_some(region);
    let xml = format!("<Error><Code>{code}</Code><Message>of a test</Message></Error>");
    let body = if *method == Method::HEAD { String::new() } else { xml };
    match headers {
        Some(headers) => (status, headers, body).into_response(),
        None => (status, body).into_response(),
    }
}
