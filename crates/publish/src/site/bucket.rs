//! The bucket a site is kept in.
//!
//! Needs `s3:ListBucket` on the bucket, and `s3:GetObject`, `s3:PutObject` and `s3:DeleteObject` on what is in it. The note of
//! [`debt`](super::debt) is deleted in every run that purges.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::file::File;
use super::plan::Held;
use crate::failure::Failure;

/// Calls under way at once.
pub(super) const AT_ONCE: usize = 8;
/// The metadata in which a file's hash is kept: an ETag says nothing of headers, and is no hash under every encryption.
const SHA256: &str = "sha256";

/// A bucket.
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket of this name.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Bucket { client, name: name.into() }
    }

    /// The bucket of this name, with the endpoint and credentials of `aws`.
    pub fn connect(aws: &SdkConfig, name: &str) -> Self {
        let config = aws_sdk_s3::config::Builder::from(aws);
        // At an endpoint that was named, such as an emulator's, `bucket.host` is no host.
        let named = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
            .into_iter()
            .any(|name| std::env::var_os(name).is_some());
        Bucket::new(Client::from_conf(config.force_path_style(named).build()), name)
    }

    /// What it holds.
    pub async fn held(&self) -> Result<BTreeMap<String, Held>, Failure> {
        let mut keys = Vec::new();
        let mut pages = self.client.list_objects_v2().bucket(&self.name).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                Failure::refused(self.doing("listing"), &self.needs("s3:ListBucket", ""), &error)
            })?;
            keys.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
        }
        let looks: Vec<_> = keys.into_iter().map(|key| self.look(key)).collect();
        let held: Vec<_> = stream::iter(looks).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(held.into_iter().flatten().collect())
    }

    async fn look(&self, key: String) -> Result<Option<(String, Held)>, Failure> {
        match self.client.head_object().bucket(&self.name).key(&key).send().await {
            Ok(head) => {
                let sha256 = head.metadata.and_then(|mut metadata| metadata.remove(SHA256));
                let (content_type, cache_control) = (head.content_type, head.cache_control);
                Ok(Some((key, Held { content_type, cache_control, sha256 })))
            }
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(None),
            Err(error) => Err(Failure::refused(
                format!("{} of {key}", self.doing("reading the headers")),
                &self.needs("s3:GetObject", "/*"),
                &error,
            )),
        }
    }

    /// Uploads a file.
    pub async fn upload(&self, file: &File) -> Result<(), Failure> {
        let request = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(&file.key)
            .content_type(&file.content_type)
            .cache_control(&file.cache_control)
            .metadata(SHA256, &file.sha256)
            .body(ByteStream::from(file.bytes.clone()));
        request.send().await.map(|_| ()).map_err(|error| {
            let doing = format!("uploading {} to bucket {}", file.key, self.name);
            Failure::refused(doing, &self.needs("s3:PutObject", "/*"), &error)
        })
    }

    /// Reads a small object, if it is there.
    pub async fn read(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        let doing = || format!("{} of {key}", self.doing("reading"));
        let answer = match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => {
                return Ok(None);
            }
            Err(error) => return Err(Failure::refused(doing(), &self.needs("s3:GetObject", "/*"), &error)),
        };
        let body = answer.body.collect().await;
        let body = body.map_err(|error| Failure::Asked(format!("{}: {error}", doing())))?;
        Ok(Some(body.into_bytes()))
    }

    /// Removes an object, if it is there.
    pub async fn remove(&self, key: &str) -> Result<(), Failure> {
        let answer = self.client.delete_object().bucket(&self.name).key(key).send().await;
        answer.map(|_| ()).map_err(|error| {
            let doing = format!("removing {key} from bucket {}", self.name);
            Failure::refused(doing, &self.needs("s3:DeleteObject", "/*"), &error)
        })
    }

    fn doing(&self, what: &str) -> String {
        format!("{what} of bucket {}", self.name).replacen("listing of", "listing", 1)
    }

    fn needs(&self, action: &str, below: &str) -> String {
        format!("{action} on arn:aws:s3:::{}{below}", self.name)
    }
}
