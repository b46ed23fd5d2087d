//! What a viewer sees for each thing that a store may say.

use crate::harness::stores::{Kind, Store};

on_every_store!(statuses_mean_what_they_should);

async fn statuses_mean_what_they_should(store: Store) {
    store.put("a.txt", b"0123456789").await;
    store.put("empty", b"").await;
    let edge = store.edge().start().await;
    let found = edge.get("/a.txt").await;
    assert_eq!((found.status, found.text().as_str()), (200, "0123456789"));
    let empty = edge.get("/empty").await;
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    assert_eq!(empty.field("content-length"), "0");

    for kept in [false, true] {
        let missing = edge.get("/missing").await;
        let hit = missing.field("cache-status").contains("; hit");
        assert_eq!((missing.status, hit), (404, kept), "{:?}", missing.fields);
        assert_eq!(
            missing
                .field("cache-status")
                .contains("detail=origin-403-no-list"),
            store.manners().hides_missing,
            "{}",
            missing.field("cache-status")
        );
        assert!(
            !missing.text().contains('<'),
            "the store's document: {}",
            missing.text()
        );
    }
    // An object that goes is missing once its copy is gone.
    store.delete("a.txt").await;
    edge.purge(&["/a.txt"]).await;
    assert_eq!(edge.get("/a.txt").await.status, 404);

    // Another bucket is no 404: nothing of what the operator wants can be there.
    let astray = store.edge().bucket("no-such-bucket").start().await;
    for path in ["/a.txt", "/b.txt"] {
        let answer = astray.get(path).await;
        assert_eq!((answer.status, answer.cache().as_str()), (502, "Error"));
        let detail = answer.field("cache-status");
        assert!(
            detail.contains("detail=origin-misconfigured")
                || detail.contains("detail=origin-denied"),
            "{detail}"
        );
        assert!(!answer.text().contains("<Code>"), "{}", answer.text());
    }

    // A signature for another region: the store says which one it is, and is believed.
    let elsewhere = store.edge().region("eu-south-7").start().await;
    assert_eq!(elsewhere.get("/empty").await.status, 200);
}
