//! `ttl` of an error response is the lifetime of that status where the origin gave none.

use super::{asked, site};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_object_is_asked_for_again_when_its_time_is_over() {
    let lines =
        "error_responses = [{ status = 404, ttl = \"1m\" }, { status = 410, ttl = \"1h\" }]";
    let (bucket, edge) = site(&[], lines).await;
    assert_eq!(edge.get("/a").await.status, 404);
    asked(&bucket);
    // Without the rule it would be 10 s.
    for (seconds, expected) in [(59, &[][..]), (1, &["a"])] {
        edge.advance(seconds);
        assert_eq!(edge.get("/a").await.status, 404);
        assert_eq!(asked(&bucket), expected, "{seconds}");
    }
}
