//! The embedded bucket, provisioned for a test.

use std::ops::Deref;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use seawall::demo::bucket::{Bucket, BucketOptions, Entry, Identity};
use seawall::demo::site;

/// The bucket's name.
pub(crate) const BUCKET: &str = "site";
/// The region that it is signed for.
pub(crate) const REGION: &str = "local";

/// A private bucket: `edge` may read, `publisher` may write.
pub(crate) struct TestBucket {
    bucket: Bucket,
    publisher: Client,
    name: String,
}

pub(crate) fn edge_identity() -> Identity {
    Identity {
        access_key: "edge".to_owned(),
        secret_key: "edge-secret-key-of-the-tests".to_owned(),
    }
}

impl TestBucket {
    pub(crate) async fn start() -> Self {
        Self::named(BUCKET, REGION).await
    }

    /// One of this name, in this region.
    pub(crate) async fn named(name: &str, region: &str) -> Self {
        let publisher = Identity {
            access_key: "publisher".to_owned(),
            secret_key: "publisher-secret-key-of-the-tests".to_owned(),
        };
        let bucket = Bucket::start(BucketOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            bucket: name.to_owned(),
            region: region.to_owned(),
            edge: edge_identity(),
            publisher: publisher.clone(),
        })
        .await
        .unwrap();
        let publisher = site::client(&bucket.url(), region, &publisher);
        publisher.create_bucket().bucket(name).send().await.unwrap();
        bucket.log().clear();
        Self {
            bucket,
            publisher,
            name: name.to_owned(),
        }
    }

    /// Puts an object without a word about caching.
    pub(crate) async fn put(&self, key: &str, body: &str) {
        self.put_bytes(key, body.as_bytes().to_vec(), None).await;
    }

    /// Puts an object with this Cache-Control.
    pub(crate) async fn put_with(&self, key: &str, body: &str, cache_control: &str) {
        self.put_bytes(key, body.as_bytes().to_vec(), Some(cache_control))
            .await;
    }

    pub(crate) async fn put_bytes(&self, key: &str, body: Vec<u8>, cache_control: Option<&str>) {
        self.putting(key, body)
            .content_type("text/plain; charset=utf-8")
            .set_cache_control(cache_control.map(str::to_owned))
            .send()
            .await
            .unwrap();
    }

    /// A PUT that is still to be sent.
    pub(crate) fn putting(&self, key: &str, body: Vec<u8>) -> PutObjectFluentBuilder {
        let request = self.publisher.put_object().bucket(&self.name).key(key);
        request.body(ByteStream::from(body))
    }

    /// Puts an empty object that leads to another place.
    pub(crate) async fn put_redirect(&self, key: &str, to: &str, cache_control: &str) {
        self.putting(key, Vec::new())
            .website_redirect_location(to)
            .cache_control(cache_control)
            .send()
            .await
            .unwrap();
    }

    pub(crate) async fn delete(&self, key: &str) {
        self.publisher
            .delete_object()
            .bucket(&self.name)
            .key(key)
            .send()
            .await
            .unwrap();
    }

    /// The edge's last request for this key.
    pub(crate) fn asked(&self, key: &str) -> Entry {
        let edge = edge_identity().access_key;
        let log = self.bucket.log().all().into_iter();
        log.rev()
            .find(|entry| {
                entry.key.as_deref() == Some(key) && entry.access_key.as_deref() == Some(&*edge)
            })
            .unwrap_or_else(|| panic!("the edge has not asked for {key}"))
    }

    pub(crate) async fn stop(self) {
        self.bucket.stop().await;
    }
}

impl Deref for TestBucket {
    type Target = Bucket;

    fn deref(&self) -> &Bucket {
        &self.bucket
    }
}
