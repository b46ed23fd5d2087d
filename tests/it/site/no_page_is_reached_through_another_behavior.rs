//! What stands in for a path is the same behaviour's, else it does not stand in; and a page is fetched by
//! the behaviour of its own path.

use super::{asked, site};

const RULES: &str = "index = \"directories\"\nclean_urls = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_another_behavior_stands_in_for_nothing() {
    let objects = [
        ("private/index.html", "secret"),
        ("private.html", "secret"),
        ("docs/index.html", "docs"),
        ("open/index.html", "open"),
    ];
    // The private paths are another behaviour's, which has no such rules.
    let lines = format!(
        "{RULES}[[distributions.behaviors]]\npath = \"/private*/*\"\nindex = \"root-only\"\nclean_urls = false\n\
         [[distributions.behaviors]]\npath = \"/private.html\"\n\
         [[distributions.behaviors]]\npath = \"/docs/*.html\"\n"
    );
    let (bucket, edge) = site(&objects, &lines).await;
    for path in [
        "/private",
        "/private/",
        "/private%2F",
        "/%70rivate",
        "//private",
    ] {
        let answer = edge.get(path).await;
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.status
        );
        assert!(
            !answer.text().contains("secret") && !answer.has("location"),
            "{path}"
        );
    }
    let keys = asked(&bucket);
    assert!(
        !keys
            .iter()
            .any(|key| key.contains("private/index") || key == "private.html"),
        "{keys:?}"
    );
    // Asked for by its own name it is there.
    assert_eq!(edge.get("/private.html").await.text(), "secret");
    assert_eq!(edge.get("/docs/").await.status, 404);
    assert_eq!(edge.get("/docs").await.status, 404);
    assert_eq!(edge.get("/docs/index.html").await.text(), "docs");
    assert_eq!(edge.get("/open/").await.text(), "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_the_rules_of_its_own_path() {
    let lines = "error_responses = [{ status = 404, page = \"/errors/404.html\" }]\n\
                 [[distributions.behaviors]]\npath = \"/errors/*\"\ndefault_ttl = \"5s\"\n";
    let (bucket, edge) = site(&[("errors/404.html", "one")], lines).await;
    assert_eq!(edge.get("/a").await.text(), "one");
    asked(&bucket);
    edge.advance(6);
    // It is validated as its own behaviour says; the 404 is still remembered.
    assert_eq!(edge.get("/a").await.text(), "one");
    assert_eq!(asked(&bucket), ["errors/404.html"]);
}
