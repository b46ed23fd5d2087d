//! Where the origin forbade it, a stale copy does not answer for an origin that fails.

use crate::harness::{Reply, scripted, until};

const SAID: [&str; 4] = [
    "max-age=10, must-revalidate",
    "max-age=10, proxy-revalidate",
    "s-maxage=10",
    "no-cache",
];

fn first(said: &str) -> Reply {
    Reply::ok(
        &format!("etag: \"v1\"\r\ncache-control: {said}\r\n"),
        "hello",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_a_504() {
    for said in SAID {
        let (origin, edge) = scripted([first(said)]).await;
        edge.get("/a").await;
        edge.advance(15);
        let refused = edge.get("/a").await;
        assert_eq!(
            (refused.status, refused.cache().as_str()),
            (504, "Error"),
            "{said}"
        );
        assert!(!refused.text().contains("hello"), "{said}");
        assert_eq!(refused.field("cache-control"), "no-store");

        // The copy is still there, and is good again once the origin says so.
        origin.then(Reply::not_modified(""));
        let renewed = edge.get("/a").await;
        assert_eq!(
            (
                renewed.status,
                renewed.text().as_str(),
                renewed.cache().as_str()
            ),
            (200, "hello", "RefreshHit"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_a_504() {
    for said in SAID {
        let (origin, edge) = scripted([first(said), Reply::SendAndStall(vec![])]).await;
        edge.get("/a").await;
        edge.advance(15);
        let mut client = edge.connect().await;
        client.send_request("GET", "/a", &[], "").await;
        until("the origin was asked", || origin.count() == 2).await;
        edge.advance(10);
        assert_eq!(client.answer("GET").await.status, 504, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_passed_on_as_one() {
    for said in SAID {
        let (origin, edge) = scripted([first(said), Reply::error(503, "SlowDown")]).await;
        edge.get("/a").await;
        edge.advance(15);
        let refused = edge.get("/a").await;
        assert_eq!(refused.status, 503, "{said}");
        assert!(refused.has("retry-after"), "{said}");
        assert!(!refused.text().contains("hello"), "{said}");
        origin.then(Reply::not_modified(""));
        assert_eq!(edge.get("/a").await.text(), "hello", "{said}");
    }
}
