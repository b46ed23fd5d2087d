//! Where tracking is ignored, every visit of a page gets the one object of it, and the origin sees no trace.

use super::{is, keyed, targets, told};

#[tokio::test(flavor = "multi_thread")]
async fn visits_of_a_campaign_share_one_object() {
    let lines = "cache_policy = \"IgnoreTracking\"";
    let (origin, edge) = keyed("", lines, &["page", "page 2"]).await;
    for (at, path) in [
        "/p?utm_source=mail&utm_medium=x",
        "/p",
        "/p?",
        "/p?fbclid=1",
        "/p?utm%5Fsource=mail",
        "/p?%75tm_anything",
        "/p?_gl=1&gclid=2&mc_eid=3",
    ]
    .iter()
    .enumerate()
    {
        let word = if at == 0 { "Miss" } else { "Hit" };
        assert_eq!(told(&edge.get(path).await), is(word, "page"), "{path}");
    }
    let other = edge.get("/p?n=2&utm_source=mail").await;
    assert_eq!(told(&other), is("Miss", "page 2"));
    assert_eq!(told(&edge.get("/p?gclid=1&n=2").await), is("Hit", "page 2"));
    assert_eq!(targets(&origin), ["/p", "/p?n=2"]);
}
