//! The same reference with the same paths is the same invalidation; with others it is a conflict.

use std::sync::Arc;

use super::assert_error;
use crate::harness::{Answer, Client, EdgeOptions, TestBucket, TestEdge};

async fn call(edge: &TestEdge, paths: &[&str], reference: &str) -> Answer {
    let body = serde_json::json!({ "paths": paths, "caller_reference": reference }).to_string();
    edge.admin("POST", "/v1/invalidations", &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_reference_is_one_invalidation() {
    let bucket = TestBucket::start().await;
    bucket.put("page", "here").await;
    let data = Arc::new(tempfile::tempdir().unwrap());
    let edge = EdgeOptions::of(&bucket).data(&data).start().await;
    edge.get("/page").await;

    let first = call(&edge, &["/page", "/img/*"], "deploy-1").await;
    let id = first.json()["id"].as_str().unwrap().to_owned();
    assert_eq!((first.status, &first.json()["objects"]), (201, &1.into()));
    assert_eq!(first.field("location"), format!("/v1/invalidations/{id}"));
    let shown = edge.admin("GET", &first.field("location"), "").await.json();
    assert_eq!(
        (&shown["id"], &shown["caller_reference"]),
        (&(*id).into(), &"deploy-1".into())
    );

    edge.get("/page").await;
    let again = call(&edge, &["/page", "/img/*"], "deploy-1").await;
    assert_eq!((again.status, &again.json()["id"]), (201, &(*id).into()));
    assert_eq!(again.json().get("objects"), None, "nothing was done");
    assert_eq!(again.field("location"), first.field("location"));
    assert_eq!(edge.get("/page").await.cache(), "Hit", "nothing was done");

    for paths in [&["/page"][..], &["/*"], &["/page", "/img/*", "/"]] {
        let answer = call(&edge, paths, "deploy-1").await;
        let words = ["deploy-1", &*id];
        assert_error(
            "other paths",
            &answer,
            409,
            "InvalidationBatchAlreadyExists",
            &words,
        );
    }
    let other = call(&edge, &["/page"], "deploy-2").await;
    assert_eq!((other.status, &other.json()["objects"]), (201, &1.into()));
    assert_ne!(other.json()["id"], *id);

    // It is remembered as long as the invalidation is; and whoever is still connected does not
    // keep the journal from its next reader.
    let mut lingering = Vec::new();
    for _ in 0..20 {
        let mut client = Client::connect(edge.edge.admin_address()).await;
        assert_eq!(client.get("/healthz").await.status, 200);
        lingering.push(client);
    }
    assert!(edge.edge.shut_down().await);
    let edge = EdgeOptions::of(&bucket).data(&data).start().await;
    let again = call(&edge, &["/page", "/img/*"], "deploy-1").await;
    assert_eq!((again.status, &again.json()["id"]), (201, &(*id).into()));
}
