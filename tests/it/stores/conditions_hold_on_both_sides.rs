//! Conditions of viewers are met by what is kept, conditions of the edge by the store: an object
//! that stayed the same is confirmed, one that changed is fetched.

use crate::harness::stores::{Kind, Store};

on_every_store!(conditions_hold_on_both_sides);

async fn conditions_hold_on_both_sides(store: Store) {
    let put = |body: &'static str| {
        let put = store.putting("a.txt", body.as_bytes());
        put.cache_control("max-age=0").send()
    };
    put("first").await.unwrap();
    let edge = store.edge().start().await;
    let first = edge.get("/a.txt").await;
    assert_eq!((first.status, first.text().as_str()), (200, "first"));
    let tag = first.field("etag");
    let modified = first.field("last-modified");
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");

    let same = edge.get_with("/a.txt", &[("if-none-match", &tag)]).await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let since = [("if-modified-since", modified.as_str())];
    let since = edge.get_with("/a.txt", &since);
    assert_eq!(since.await.status, 304);
    let other = edge
        .get_with("/a.txt", &[("if-match", "\"another\"")])
        .await;
    assert_eq!(other.status, 412);
    let range = [("range", "bytes=0-1"), ("if-range", "\"another\"")];
    let whole = edge.get_with("/a.txt", &range).await;
    assert_eq!((whole.status, whole.text().as_str()), (200, "first"));

    // Nothing changed: the store confirms it without sending it again.
    for _ in 0..2 {
        let confirmed = edge.get("/a.txt").await;
        assert_eq!(
            (confirmed.text().as_str(), confirmed.cache().as_str()),
            ("first", "RefreshHit"),
            "{:?}",
            confirmed.fields
        );
        assert_eq!(confirmed.field("etag"), tag);
    }

    // It changed: the new one comes, under its own tag.
    put("second").await.unwrap();
    let second = edge.get("/a.txt").await;
    assert_eq!((second.status, second.text().as_str()), (200, "second"));
    assert_ne!(second.field("etag"), tag);
    let old = edge.get_with("/a.txt", &[("if-none-match", &tag)]).await;
    assert_eq!((old.status, old.text().as_str()), (200, "second"));

    // Conditions on what is never kept are the store's to judge.
    let put = store.putting("p.txt", b"private");
    let put = put.cache_control("private, max-age=60").send();
    put.await.unwrap();
    let mine = edge.get("/p.txt").await;
    let tag = mine.field("etag");
    assert_eq!(mine.status, 200);
    let same = edge.get_with("/p.txt", &[("if-none-match", &tag)]).await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let held = edge.get_with("/p.txt", &[("if-match", &tag)]).await;
    assert_eq!((held.status, held.text().as_str()), (200, "private"));
    let failed = edge
        .get_with("/p.txt", &[("if-match", "\"another\"")])
        .await;
    assert_eq!(failed.status, 412, "{:?}", failed.fields);
    assert!(!failed.text().contains('<'), "{}", failed.text());
}
