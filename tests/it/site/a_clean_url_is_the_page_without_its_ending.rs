//! `/about` is `about.html` where that is there, else `about`.

use super::{asked, site};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_comes_first_and_then_the_path_itself() {
    let objects = [
        ("about.html", "page"),
        ("about", "bare"),
        ("plain", "bare"),
        ("v1.0", "file"),
    ];
    let (bucket, edge) = site(&objects, "clean_urls = true").await;
    for (path, text, keys) in [
        ("/about", "page", &["about.html"][..]),
        ("/about.html", "page", &[]),
        ("/plain", "bare", &["plain.html", "plain"]),
        // What has a dot is a file by its own name.
        ("/v1.0", "file", &["v1.0"]),
    ] {
        assert_eq!(edge.get(path).await.text(), text, "{path}");
        assert_eq!(asked(&bucket), keys, "{path}");
        let again = edge.get(path).await;
        assert_eq!(
            (again.cache().as_str(), &*again.text()),
            ("Hit", text),
            "{path}"
        );
        assert_eq!(asked(&bucket), [""; 0], "{path}");
    }
    let tag = edge.get("/about").await.field("etag");
    let unchanged = edge.get_with("/about", &[("if-none-match", &tag)]).await;
    assert_eq!(unchanged.status, 304);
    let part = edge.get_with("/about", &[("range", "bytes=-2")]).await;
    assert_eq!((part.status, &*part.text()), (206, "ge"));
    let head = edge.request("HEAD", "/about", &[]).await;
    assert_eq!((head.status, &*head.field("content-length")), (200, "4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_or_a_head_of_what_is_not_kept_finds_the_page_too() {
    let (_bucket, edge) = site(
        &[("about.html", "page"), ("plain", "bare")],
        "clean_urls = true",
    )
    .await;
    let part = edge.get_with("/plain", &[("range", "bytes=1-2")]).await;
    assert_eq!((part.status, &*part.text()), (206, "ar"));
    let head = edge.request("HEAD", "/about", &[]).await;
    assert_eq!((head.status, &*head.field("content-length")), (200, "4"));
    assert!(head.body.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_directories_the_page_comes_before_the_index() {
    let objects = [
        ("docs.html", "page"),
        ("docs/index.html", "index"),
        ("api/index.html", "index"),
    ];
    let lines = "clean_urls = true\nindex = \"directories\"";
    let (_bucket, edge) = site(&objects, lines).await;
    assert_eq!(edge.get("/docs").await.text(), "page");
    assert_eq!(edge.get("/docs/").await.text(), "index");
    assert_eq!(edge.get("/api").await.field("location"), "/api/");
    // Only what is stored is wanted, and nothing is: that is no missing page.
    let only = [("cache-control", "only-if-cached")];
    assert_eq!(edge.get_with("/new", &only).await.status, 504);
}
