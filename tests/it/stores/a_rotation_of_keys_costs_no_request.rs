//! The edge's keys are changed while viewers ask: new ones are made beside the old, the edge is
//! told, the old ones are removed. No request fails, though each of them goes to the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::harness::stores::{Kind, Store, identity};
use crate::harness::{Client, until};

#[tokio::test(flavor = "multi_thread")]
async fn on_minio() {
    let Some(store) = Store::start(Kind::Minio).await else {
        return;
    };
    let put = store
        .putting("a.txt", b"private")
        .cache_control("max-age=0");
    put.send().await.unwrap();
    let mut edge = store.edge().start().await;
    edge.ready().await;
    let viewer = edge.viewer();
    let (done, over) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let asking = tokio::spawn({
        let (done, over) = (Arc::clone(&done), Arc::clone(&over));
        async move {
            while !over.load(Ordering::Acquire) {
                let answer = Client::connect(viewer).await.get("/a.txt").await;
                assert_eq!(
                    (answer.status, answer.text().as_str()),
                    (200, "private"),
                    "{:?}",
                    answer.fields
                );
                assert_ne!(answer.cache(), "Hit", "the store was not asked");
                done.fetch_add(1, Ordering::AcqRel);
            }
        }
    });
    let more = |what: &'static str| {
        let (done, asking) = (Arc::clone(&done), &asking);
        async move {
            let before = done.load(Ordering::Acquire);
            let after = || done.load(Ordering::Acquire) >= before + 20 || asking.is_finished();
            until(what, after).await;
        }
    };
    more("requests with the old keys").await;
    let second = identity("edge-2");
    store.provision(&second, &[]);
    let config = store.edge().identity(&second).config(&edge.data);
    edge.edge.reload(config).await.unwrap();
    more("requests with the new keys").await;
    store.remove(&store.edge);
    more("requests with no other keys").await;
    over.store(true, Ordering::Release);
    asking.await.unwrap();
    edge.ready().await;
    // The old keys are worth nothing.
    let old = store.client_of(&store.edge);
    let bucket = crate::harness::store::BUCKET;
    let refused = old.get_object().bucket(bucket).key("a.txt").send().await;
    assert!(refused.is_err(), "{refused:?}");
}
