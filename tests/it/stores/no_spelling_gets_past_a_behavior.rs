//! Stores differ in what they take for one key: some leave out empty segments. However a path is spelled,
//! none gives out an object through a behaviour that is not the object's.

use crate::harness::stores::{Kind, Store};

on_every_store!(no_spelling_gets_past_a_behavior);

async fn no_spelling_gets_past_a_behavior(store: Store) {
    store.put("private/x.txt", b"secret").await;
    store.put("public.txt", b"public").await;
    // What is private has an origin that nobody reaches.
    let closed = "[[distributions.behaviors]]\npath = \"/private/*\"\norigin = \"closed\"\n\
                  [[distributions.behaviors]]\npath = \"/*.txt\"\n";
    let edge = store
        .edge()
        .distribution(closed)
        .more("[origins.closed]\ntype = \"http\"\nurl = \"http://127.0.0.1:1\"\n")
        .start()
        .await;
    assert_eq!(edge.get("/public.txt").await.text(), "public");
    for path in [
        "/private/x.txt",
        "/private//x.txt",
        "//private/x.txt",
        "///private/x.txt",
        "/%2Fprivate/x.txt",
        "/private%2Fx.txt",
        "/%2Fprivate%2F%2Fx.txt",
        "//%70rivate/x%2Etxt",
        "/private/x.txt/",
        "//private/x.txt/",
    ] {
        let answer = edge.get(path).await;
        assert!(answer.status >= 400, "{path}: {}", answer.status);
        assert!(!answer.text().contains("secret"), "{path}");
    }
}
