//! An edge whose identity the store refuses answers 502 and says so, never 404; the right
//! identity, taken in by a reload, puts that right without a restart.

use seawall::demo::bucket::Identity;

use crate::harness::stores::{Kind, Store};
use crate::harness::until;

on_every_store!(a_change_of_identity_heals_the_edge);

async fn a_change_of_identity_heals_the_edge(store: Store) {
    store.put("a.txt", b"private").await;
    let of = |access_key: &str, secret_key: &str| Identity {
        access_key: access_key.to_owned(),
        secret_key: secret_key.to_owned(),
    };
    let wrong = [
        of(&store.edge.access_key, "not-the-secret-key-of-the-edge"),
        of("AKIANOBODYKNOWSTHISON", &store.edge.secret_key),
    ];
    for identity in &wrong {
        let mut edge = store.edge().identity(identity).start().await;
        for path in ["/a.txt", "/missing"] {
            let answer = edge.get(path).await;
            let detail = answer.field("cache-status");
            assert_eq!(answer.status, 502, "{path} as {identity:?}: {detail}");
            assert!(detail.contains("detail=origin-denied"), "{detail}");
            assert!(!answer.text().contains("<Code>"), "{}", answer.text());
        }
        until("the edge knows that it is refused", || {
            let why = edge.edge.not_ready().join(" ");
            why.contains("refuses the credentials")
        })
        .await;
        let right = store.edge().config(&edge.data);
        edge.edge.reload(right).await.unwrap();
        let answer = edge.get("/a.txt").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "private"));
        assert_eq!(edge.get("/missing").await.status, 404);
        edge.ready().await;
    }
}
