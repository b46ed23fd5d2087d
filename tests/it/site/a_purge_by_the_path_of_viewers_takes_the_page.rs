//! A page is purged by every path under which viewers know it, and so is what follows from it.

use super::site;
use crate::harness::EdgeOptions;

#[tokio::test(flavor = "multi_thread")]
async fn each_of_its_paths_takes_it() {
    let lines = "index = \"directories\"\nclean_urls = true";
    let objects = [("docs/index.html", "one"), ("about.html", "one")];
    let (bucket, edge) = site(&objects, lines).await;
    for (path, purged, key) in [
        ("/docs/", "/docs/", "docs/index.html"),
        ("/docs/", "/docs/index.html", "docs/index.html"),
        ("/docs/", "/docs/*", "docs/index.html"),
        ("/docs/index.html", "/docs/", "docs/index.html"),
        ("/about", "/about", "about.html"),
        ("/about", "/abou*", "about.html"),
        ("/about.html", "/about", "about.html"),
        ("/about", "/about.html", "about.html"),
        ("/about", "/*", "about.html"),
    ] {
        bucket.put(key, "old").await;
        edge.purge(&["/*"]).await;
        assert_eq!(edge.get(path).await.text(), "old");
        bucket.put(key, "new").await;
        assert_eq!(edge.get(path).await.text(), "old");
        edge.purge(&[purged]).await;
        assert_eq!(edge.get(path).await.text(), "new", "{path} by {purged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_from_an_absence_goes_with_it() {
    let lines =
        "index = \"directories\"\nerror_responses = [{ status = 404, page = \"/404.html\" }]";
    let (bucket, edge) = site(&[("404.html", "old")], lines).await;
    assert_eq!(edge.get("/docs").await.text(), "old");
    bucket.put("404.html", "new").await;
    edge.purge(&["/404.html"]).await;
    assert_eq!(edge.get("/docs").await.text(), "new");
    bucket.put("docs/index.html", "docs").await;
    edge.purge(&["/docs/"]).await;
    assert_eq!(edge.get("/docs").await.field("location"), "/docs/");
    bucket.put("docs", "object").await;
    edge.purge(&["/docs"]).await;
    assert_eq!(edge.get("/docs").await.text(), "object");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_that_gives_an_object_more_paths_forgets_it() {
    let (bucket, mut edge) = site(&[("about.html", "old")], "").await;
    assert_eq!(edge.get("/about.html").await.text(), "old");
    bucket.put("about.html", "new").await;
    for (lines, text) in [("max_ttl = \"2d\"", "old"), ("clean_urls = true", "new")] {
        let options = EdgeOptions::of(&bucket).distribution(lines);
        let config = options.config(&edge.data);
        edge.edge.reload(config).await.unwrap();
        assert_eq!(edge.get("/about.html").await.text(), text, "{lines}");
    }
}
