//! Temporary credentials work with their session token; with another or none they are refused,
//! and the edge says so.

use crate::harness::stores::{Kind, Store};
use crate::harness::until;

#[tokio::test(flavor = "multi_thread")]
async fn on_moto() {
    if let Some(store) = Store::start(Kind::Moto).await {
        temporary_credentials_need_their_token(store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_minio() {
    if let Some(store) = Store::start(Kind::Minio).await {
        temporary_credentials_need_their_token(store).await;
    }
}

async fn temporary_credentials_need_their_token(store: Store) {
    store.put("a.txt", b"private").await;
    let (identity, token) = store.temporary().await;
    let as_temporary = || store.edge().identity(&identity);
    let edge = as_temporary().token(&token).start().await;
    let answer = edge.get("/a.txt").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "private"));
    assert_eq!(edge.get("/missing").await.status, 404);
    edge.ready().await;

    for wrong in [as_temporary().token("of-another-session"), as_temporary()] {
        let edge = wrong.start().await;
        let answer = edge.get("/a.txt").await;
        let detail = answer.field("cache-status");
        assert_eq!(answer.status, 502, "{detail}");
        assert!(detail.contains("detail=origin-denied"), "{detail}");
        until("the edge knows that it is refused", || {
            let why = edge.edge.not_ready().join(" ");
            why.contains("refuses the credentials")
        })
        .await;
    }
}
