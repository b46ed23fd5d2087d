//! The store's process is killed: hits go on, misses get a clean 502 or 504 that nobody keeps; it
//! is started again, and the edge recovers by itself.

use crate::harness::stores::{Kind, Store};

#[tokio::test(flavor = "multi_thread")]
async fn on_versitygw() {
    let Some(mut store) = Store::start(Kind::Versitygw).await else {
        return;
    };
    for key in ["kept.txt", "later.txt"] {
        let put = store.putting(key, b"there").cache_control("max-age=86400");
        put.send().await.unwrap();
    }
    let edge = store.edge().start().await;
    assert_eq!(edge.get("/kept.txt").await.cache(), "Miss");
    store.kill();
    for _ in 0..2 {
        let kept = edge.get("/kept.txt").await;
        assert_eq!((kept.status, kept.cache().as_str()), (200, "Hit"));
        for path in ["/later.txt", "/missing"] {
            let answer = edge.get(path).await;
            assert!(
                matches!(answer.status, 502 | 504) && answer.complete,
                "{path}: {} {:?}",
                answer.status,
                answer.fields
            );
            assert_eq!(answer.cache(), "Error");
        }
    }
    store.start_again().await;
    let later = edge.get("/later.txt").await;
    assert_eq!((later.status, later.text().as_str()), (200, "there"));
    assert_eq!(edge.get("/missing").await.status, 404);
    assert_eq!(edge.get("/later.txt").await.cache(), "Hit");
}
