//! The embedded private bucket and the sample site, from the outside.

mod faults_do_what_they_say;
mod identities_and_refusals;
mod keys_are_byte_strings;
mod listing_walks_the_whole_bucket;
mod raw;
mod reads_obey_their_conditions;
mod seeding_publishes_the_site;
mod the_log_counts_real_requests;
mod uploads_are_checked;

use std::net::SocketAddr;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use seawall::demo::bucket::{Bucket, BucketOptions, Identity};
use seawall::demo::site;

const BUCKET: &str = "harbour";
const REGION: &str = "eu-central-1";

fn identity(access_key: &str) -> Identity {
    Identity {
        access_key: access_key.into(),
        secret_key: format!("the-secret-of-{access_key}"),
    }
}

fn edge() -> Identity {
    identity("EDGE")
}

fn publisher() -> Identity {
    identity("PUBLISHER")
}

fn options() -> BucketOptions {
    BucketOptions {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        bucket: BUCKET.into(),
        region: REGION.into(),
        edge: edge(),
        publisher: publisher(),
    }
}

/// A running store whose bucket exists already, and the clients of both identities.
struct Scene {
    bucket: Bucket,
    edge: Client,
    publisher: Client,
}

async fn scene() -> Scene {
    let bucket = Bucket::start(options()).await.unwrap();
    let scene = Scene {
        edge: site::client(&bucket.url(), REGION, &edge()),
        publisher: site::client(&bucket.url(), REGION, &publisher()),
        bucket,
    };
    let created = scene.publisher.create_bucket().bucket(BUCKET).send().await;
    created.unwrap();
    scene.bucket.log().clear();
    scene
}

impl Scene {
    /// Puts an object and forgets that it did.
    async fn put(&self, key: &str, body: impl Into<Vec<u8>>) {
        let body = ByteStream::from(body.into());
        let put = self
            .publisher
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .body(body);
        put.send().await.unwrap();
        self.bucket.log().clear();
    }

    /// Status and body, or status and S3 code.
    async fn get_as(&self, client: &Client, key: &str) -> Result<Vec<u8>, (u16, String)> {
        let got = client.get_object().bucket(BUCKET).key(key).send().await;
        let output = got.map_err(refusal)?;
        Ok(output.body.collect().await.unwrap().to_vec())
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, (u16, String)> {
        self.get_as(&self.edge, key).await
    }
}

/// The status and the S3 error code of a refused call.
fn refusal<E: ProvideErrorMetadata + std::fmt::Debug>(error: SdkError<E>) -> (u16, String) {
    let status = error.raw_response().expect("an answer").status().as_u16();
    (status, error.code().unwrap_or_default().to_owned())
}

fn no(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
