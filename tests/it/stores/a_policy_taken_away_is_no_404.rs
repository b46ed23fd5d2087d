//! The right to read is taken away and given back: hits go on, misses are 502 with the reason once
//! nothing proves any more that the edge may read, no 404 is kept, and all is well afterwards.

use crate::harness::stores::{Kind, Store};

on_every_store!(a_policy_taken_away_is_no_404);

async fn a_policy_taken_away_is_no_404(store: Store) {
    for key in ["kept.txt", "later.txt", "last.txt"] {
        let put = store.putting(key, b"there").cache_control("max-age=86400");
        put.send().await.unwrap();
    }
    let edge = store.edge_on_manual_time().start().await;
    assert_eq!(edge.get("/kept.txt").await.cache(), "Miss");
    store.let_edge_read(false).await;
    // An object read within the last minute proves that the edge may read: wait until it does not.
    edge.advance(61);
    for path in ["/later.txt", "/missing", "/later.txt"] {
        let answer = edge.get(path).await;
        let detail = answer.field("cache-status");
        assert_eq!((answer.status, answer.cache().as_str()), (502, "Error"));
        assert!(detail.contains("detail=origin-denied"), "{path}: {detail}");
    }
    let head = edge.request("HEAD", "/last.txt", &[]).await;
    assert_eq!(head.status, 502);
    let kept = edge.get("/kept.txt").await;
    assert_eq!(
        (kept.cache().as_str(), kept.text().as_str()),
        ("Hit", "there")
    );

    store.let_edge_read(true).await;
    for path in ["/later.txt", "/last.txt"] {
        let answer = edge.get(path).await;
        let got = (answer.status, answer.text());
        assert_eq!(got, (200, "there".to_owned()), "{:?}", answer.fields);
    }
    assert_eq!(edge.get("/missing").await.status, 404);
}
