//! A real MinIO takes the steps and the document as they are printed, and does what they say. It
//! differs from AWS in one thing: with both forms of the document it says 404 of what does not
//! exist, so that the edge has nothing to find out.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;

use crate::harness::store::BUCKET;
use crate::harness::stores::{Kind, Store, identity};

/// The status of a read.
async fn read(client: &Client, key: &str) -> u16 {
    match client.get_object().bucket(BUCKET).key(key).send().await {
        Ok(_) => 200,
        Err(SdkError::ServiceError(refused)) => refused.raw().status().as_u16(),
        Err(other) => panic!("{key}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn minio_holds_to_the_document() {
    let Some(store) = Store::start(Kind::Minio).await else {
        return;
    };
    store.put("page", b"text").await;
    for (name, arguments, list) in [
        ("edge-without-list", &[][..], false),
        ("edge-with-list", &["--list"], true),
    ] {
        let who = identity(name);
        store.provision(&who, arguments);
        let own = store.client_of(&who);
        assert_eq!(read(&own, "page").await, 200, "{name}");
        assert_eq!(read(&own, "missing").await, 404, "{name}");
        let listed = own.list_objects_v2().bucket(BUCKET).send().await;
        assert_eq!(listed.is_ok(), list, "{name}: {listed:?}");
        let put = own.put_object().bucket(BUCKET).key("new").send().await;
        assert!(put.is_err(), "{name} could write");
        let other = own.list_buckets().send().await;
        let named = other.map(|other| other.buckets.unwrap_or_default().len());
        assert!(
            named
                .as_ref()
                .is_ok_and(|count| *count <= usize::from(list))
                || named.is_err(),
            "{named:?}"
        );

        let edge = store.edge().identity(&who).start().await;
        for kept in [false, true] {
            let missing = edge.get("/missing").await;
            let status = missing.field("cache-status");
            assert_eq!(
                (missing.status, status.contains("; hit")),
                (404, kept),
                "{name}: {status}"
            );
            assert!(!status.contains("detail="), "{name}: {status}");
        }
        let page = edge.get("/page").await;
        assert_eq!((page.status, page.text().as_str()), (200, "text"));
    }
    // Whoever else is known to the store, and nobody, stay outside.
    let foreign = store.client_of(&store.foreign);
    assert_eq!(read(&foreign, "page").await, 403);
    assert_eq!(store.anonymous("GET", "page").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_can_be_taken_twice() {
    let Some(store) = Store::start(Kind::Minio).await else {
        return;
    };
    store.put("page", b"text").await;
    let own = store.client_of(&store.edge);
    for (arguments, list) in [(&["--list"][..], true), (&[], false)] {
        store.provision(&store.edge, arguments);
        let listed = own.list_objects_v2().bucket(BUCKET).send().await;
        assert_eq!(listed.is_ok(), list, "the last time is in force");
        assert_eq!(read(&own, "page").await, 200);
    }
}
