//! An edge whose clock is an hour off signs for another time. Where the store looks at that, the
//! edge learns the store's time from its refusal, and asks once more.

use crate::harness::stores::{Kind, Store};

on_every_store!(the_clock_must_be_right);

async fn the_clock_must_be_right(store: Store) {
    for key in ["kept.txt", "a.txt", "b.txt"] {
        let put = store.putting(key, b"there").cache_control("max-age=86400");
        put.send().await.unwrap();
    }
    let edge = store.edge_on_manual_time().start().await;
    assert_eq!(edge.get("/kept.txt").await.cache(), "Miss");
    edge.advance(3_600);
    let answer = edge.get("/a.txt").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "there"));
    // And signs for that time from then on.
    assert_eq!(edge.get("/missing").await.status, 404);
    assert_eq!(edge.get("/kept.txt").await.cache(), "Hit");
    // Another edge, on time, reads what this one could not.
    let on_time = store.edge().start().await;
    assert_eq!(on_time.get("/b.txt").await.text(), "there");
}
