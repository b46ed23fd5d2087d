//! No bucket sets cookies, but a balancer before one may: one viewer's must never reach another, nor
//! keep the object from being shared.

use crate::harness::{Reply, scripted};

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_from_before_the_bucket_stays_behind() {
    let fields = "set-cookie: balancer=node-1; path=/\r\nset-cookie: second=1\r\n";
    let (origin, edge) = scripted([Reply::ok(fields, "body")]).await;
    for expected in ["Miss", "Hit"] {
        let answer = edge.get("/a").await;
        assert_eq!((answer.status, answer.cache().as_str()), (200, expected));
        assert!(!answer.has("set-cookie"), "{:?}", answer.fields);
    }
    assert_eq!(origin.count(), 1);
}
