//! `/docs/` is `docs/index.html`, one object under two paths; with "root-only" it is nothing.

use super::{asked, site};

const OBJECTS: &[(&str, &str)] = &[
    ("index.html", "home"),
    ("docs/index.html", "docs"),
    ("a b/index.html", "spaced"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_its_index() {
    let (bucket, edge) = site(OBJECTS, "index = \"directories\"").await;
    let first = edge.get("/docs/").await;
    assert_eq!((first.status, &*first.text()), (200, "docs"));
    assert_eq!(first.cache(), "Miss");
    assert_eq!(asked(&bucket), ["docs/index.html"]);
    for path in ["/docs/", "/docs/?x=1", "/docs/index.html", "/%64ocs/"] {
        let again = edge.get(path).await;
        assert_eq!(
            (again.cache().as_str(), &*again.text()),
            ("Hit", "docs"),
            "{path}"
        );
    }
    let head = edge.request("HEAD", "/docs/", &[]).await;
    assert_eq!((head.status, &*head.field("content-length")), (200, "4"));
    let part = edge.get_with("/docs/", &[("range", "bytes=1-2")]).await;
    assert_eq!((part.status, &*part.text()), (206, "oc"));
    let tag = first.field("etag");
    let unchanged = edge.get_with("/docs/", &[("if-none-match", &tag)]).await;
    assert_eq!(unchanged.status, 304);
    assert_eq!(asked(&bucket), [""; 0]);
    // However the host is sent.
    let absolute = edge.get("http://localhost/docs/?x").await;
    assert_eq!(
        (absolute.cache().as_str(), &*absolute.text()),
        ("Hit", "docs")
    );
    assert_eq!(edge.get("/a%20b/").await.text(), "spaced");
    assert_eq!(edge.get("/").await.text(), "home");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_without_an_index_is_missing() {
    let (bucket, edge) = site(
        &[("docs/a", "a"), ("docs/", "marker")],
        "index = \"directories\"",
    )
    .await;
    assert_eq!(edge.get("/docs/").await.status, 404);
    assert_eq!(asked(&bucket), ["docs/index.html"]);
    assert_eq!(edge.get("/docs/").await.status, 404);
    assert_eq!(asked(&bucket), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_root_has_an_index_unless_told() {
    let (bucket, edge) = site(OBJECTS, "").await;
    assert_eq!(edge.get("/docs/").await.status, 404);
    assert_eq!(asked(&bucket), ["docs/"]);
    assert_eq!(edge.get("/docs").await.status, 404);
    assert_eq!(asked(&bucket), ["docs"]);
    assert_eq!(edge.get("/").await.text(), "home");
}
