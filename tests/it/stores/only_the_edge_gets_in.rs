//! A private bucket: nobody without a right reads it, the edge does, and nothing that the store
//! says about itself gets past the edge.

use aws_sdk_s3::error::SdkError;

use crate::harness::store::BUCKET;
use crate::harness::stores::{Kind, Store};

on_every_store!(only_the_edge_gets_in);

async fn only_the_edge_gets_in(store: Store) {
    store.put("a.txt", b"private").await;
    for method in ["GET", "HEAD"] {
        let answer = store.anonymous(method, "a.txt").await;
        assert_eq!(answer.status, 403, "{method} without a signature");
        assert!(!answer.text().contains("private"));
    }
    let foreign = store.client_of(&store.foreign);
    let refused = foreign.get_object().bucket(BUCKET).key("a.txt").send();
    match refused.await {
        Err(SdkError::ServiceError(refused)) => {
            assert_eq!(refused.raw().status().as_u16(), 403, "{refused:?}");
        }
        other => panic!("a foreign identity got {other:?}"),
    }
    // The edge's own identity may read objects and do nothing else.
    let own = store.client_of(&store.edge);
    let list = own.list_objects_v2().bucket(BUCKET).send().await;
    assert!(list.is_err(), "the edge could list: {list:?}");
    let put = own.put_object().bucket(BUCKET).key("b").send().await;
    assert!(put.is_err(), "the edge could write: {put:?}");
    let delete = own.delete_object().bucket(BUCKET).key("a.txt").send().await;
    assert!(delete.is_err(), "the edge could delete: {delete:?}");

    let edge = store.edge().start().await;
    for expected in ["Miss", "Hit"] {
        let answer = edge.get("/a.txt").await;
        let got = (answer.status, answer.text(), answer.cache());
        assert_eq!(got, (200, "private".to_owned(), expected.to_owned()));
        for (name, value) in &answer.fields {
            assert!(
                !name.starts_with("x-amz"),
                "{name}: {value} is the store's own"
            );
        }
        assert!(!answer.has("server"), "{:?}", answer.fields);
    }
    edge.ready().await;
}
