//! The store's process is killed: hits go on, misses get a clean 502 or 504 that nobody keeps; it
//! is started again, and the edge recovers by itself. An edge that is started meanwhile says that
//! it is not ready, until the store has accepted its keys; one that was ready stays so, with a word
//! about the store.

use crate::harness::stores::{Kind, Store};

#[tokio::test(flavor = "multi_thread")]
async fn on_versitygw() {
    if let Some(store) = Store::start(Kind::Versitygw).await {
        a_store_that_stops_costs_the_misses_only(store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_minio() {
    if let Some(store) = Store::start(Kind::Minio).await {
        a_store_that_stops_costs_the_misses_only(store).await;
    }
}

async fn a_store_that_stops_costs_the_misses_only(mut store: Store) {
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
    let told = edge.admin_with("GET", "/readyz", &[], "").await;
    assert_eq!(told.status, 200, "what it has is served: {}", told.text());
    let warned = told.json()["warnings"][0].to_string();
    assert!(warned.contains("origin site: "), "{warned}");
    let late = store.edge().start().await;
    let readyz = late.admin_with("GET", "/readyz", &[], "").await;
    assert_eq!(readyz.status, 503);
    let why = readyz.text();
    assert!(why.contains("the store has not answered yet"), "{why}");

    store.start_again().await;
    late.ready().await;
    let readyz = late.admin_with("GET", "/readyz", &[], "").await;
    assert_eq!(readyz.status, 200, "{}", readyz.text());
    let later = edge.get("/later.txt").await;
    assert_eq!((later.status, later.text().as_str()), (200, "there"));
    assert_eq!(edge.get("/missing").await.status, 404);
    let told = edge.admin_with("GET", "/readyz", &[], "").await;
    assert_eq!(told.json()["warnings"], serde_json::json!([]));
    assert_eq!(edge.get("/later.txt").await.cache(), "Hit");
}
