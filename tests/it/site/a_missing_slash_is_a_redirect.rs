//! `/docs` leads to `/docs/` where nothing is at `/docs` and an index is below it, and nowhere else.

use super::{asked, site};
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin};

const DIRECTORIES: &str = "index = \"directories\"";

#[tokio::test(flavor = "multi_thread")]
async fn it_leads_to_the_index_and_both_outcomes_are_kept() {
    let (bucket, edge) = site(&[("docs/index.html", "docs")], DIRECTORIES).await;
    let first = edge.get("/docs?a=1&b=%2F").await;
    assert_eq!(
        (first.status, &*first.field("location")),
        (302, "/docs/?a=1&b=%2F")
    );
    assert_eq!(
        (&*first.field("content-length"), first.body.len()),
        ("0", 0)
    );
    assert_eq!(first.cache(), "Miss");
    assert!(
        first
            .field("cache-status")
            .contains("detail=index-redirect")
    );
    assert_eq!(asked(&bucket), ["docs", "docs/index.html"]);
    for method in ["GET", "HEAD"] {
        let again = edge.request(method, "/docs", &[]).await;
        assert_eq!((again.status, &*again.field("location")), (302, "/docs/"));
        assert_eq!(again.cache(), "Hit");
    }
    // Where it leads is there already.
    assert_eq!(edge.get("/docs/").await.cache(), "Hit");

    assert_eq!(edge.get("/nothing").await.status, 404);
    assert_eq!(asked(&bucket), ["nothing", "nothing/index.html"]);
    assert_eq!(edge.get("/nothing").await.status, 404);
    assert_eq!(asked(&bucket), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_never_led_away_from() {
    let objects = [("docs", "an object"), ("docs/index.html", "docs")];
    let (_bucket, edge) = site(&objects, DIRECTORIES).await;
    assert_eq!(edge.get("/docs").await.text(), "an object");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_to_another_host() {
    let (_bucket, edge) = site(&[("/evil.test/index.html", "x")], DIRECTORIES).await;
    for path in ["//evil.test", "/%2Fevil.test"] {
        let answer = edge.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.has("location"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_not_said_to_be_missing() {
    let origin = ScriptedOrigin::start([
        Reply::error(404, "NoSuchKey"),
        Reply::error(403, "SignatureDoesNotMatch"),
        Reply::error(403, "SignatureDoesNotMatch"),
    ])
    .await;
    let edge = EdgeOptions::new(&origin.url())
        .distribution(DIRECTORIES)
        .start()
        .await;
    let answer = edge.get("/docs").await;
    assert_eq!(answer.status, 502);
    assert!(
        origin.last().starts_with("GET /site/docs/index.html "),
        "{}",
        origin.last()
    );
}
