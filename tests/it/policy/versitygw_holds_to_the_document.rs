//! A real versitygw takes the document as it is printed, and does what it says. It does not read
//! conditions, so the Deny of the document for AWS would be one for the edge too.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use serde_json::{Value, json as value};

use super::{EDGE, json, origin};
use crate::harness::store::BUCKET;
use crate::harness::stores::{Kind, Store};

/// What `seawall policy` prints for this store.
fn printed(store: &Store, arguments: &[&str]) -> Value {
    let config = origin(&format!(
        "bucket = \"{BUCKET}\"\nregion = \"{}\"\nendpoint = \"{}\"\nprefix = \"public/\"",
        store.region,
        store.url(),
    ));
    json(&config, arguments)
}

/// The status of a read.
async fn read(client: &Client, key: &str) -> u16 {
    match client.get_object().bucket(BUCKET).key(key).send().await {
        Ok(_) => 200,
        Err(SdkError::ServiceError(refused)) => refused.raw().status().as_u16(),
        Err(other) => panic!("{key}: {other:?}"),
    }
}

async fn lists(client: &Client) -> bool {
    let list = client.list_objects_v2().bucket(BUCKET).send().await;
    list.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn versitygw_holds_to_the_document() {
    let Some(store) = Store::start(Kind::Versitygw).await else {
        return;
    };
    for key in ["public/page", "internal/page"] {
        store.put(key, b"text").await;
    }
    let edge = store.client_of(&store.edge);
    let foreign = store.client_of(&store.foreign);
    let access_key = store.edge.access_key.as_str();
    for list in [false, true] {
        let mut arguments = vec!["--access-key", access_key];
        arguments.extend(list.then_some("--list"));
        let document = &printed(&store, &arguments)["versitygw-bucket-policy"];
        store.put_bucket_policy(&document.to_string()).await;

        assert_eq!(read(&edge, "public/page").await, 200);
        assert_eq!(read(&edge, "internal/page").await, 403);
        assert_eq!(lists(&edge).await, list);
        let put = edge.put_object().bucket(BUCKET).key("public/new");
        assert!(put.send().await.is_err(), "the edge could write");
        // Who is not named may nothing: the publisher is no administrator here.
        for stranger in [&foreign, &store.publisher] {
            assert_eq!(read(stranger, "public/page").await, 403);
            assert!(!lists(stranger).await);
        }
        let nobody = store.anonymous("GET", "public/page").await;
        assert_eq!(nobody.status, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deny_with_a_condition_would_refuse_the_edge_too() {
    let Some(store) = Store::start(Kind::Versitygw).await else {
        return;
    };
    store.put("public/page", b"text").await;
    let arguments = ["--for", "all", "--access-key", &store.edge.access_key];
    let all = printed(&store, &[&arguments[..], &["--edge", EDGE]].concat());
    let mut document = all["versitygw-bucket-policy"].clone();
    let denial = all["aws-bucket-policy"]["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .find(|statement| statement["Sid"] == "NobodyElseReadsObjects");
    let mut denial = denial.unwrap().clone();
    denial["Condition"]["StringNotEquals"]["aws:PrincipalArn"] = value!(store.edge.access_key);
    document["Statement"].as_array_mut().unwrap().push(denial);
    store.put_bucket_policy(&document.to_string()).await;
    let edge = store.client_of(&store.edge);
    assert_eq!(read(&edge, "public/page").await, 403);
}
