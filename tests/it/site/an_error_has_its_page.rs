//! A missing object is answered with the operator's page, under the status that it says.

use super::{asked, site};

const PAGE: &str = "error_responses = [{ status = 404, page = \"/404.html\" }]";
const OBJECTS: &[(&str, &str)] = &[("404.html", "not here"), ("index.html", "home")];

#[tokio::test(flavor = "multi_thread")]
async fn the_page_comes_with_the_status_of_the_error() {
    let (bucket, edge) = site(OBJECTS, PAGE).await;
    let first = edge.get("/missing").await;
    assert_eq!((first.status, &*first.text()), (404, "not here"));
    assert_eq!(first.field("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        (&*first.cache(), &*first.field("content-length")),
        ("Error", "8")
    );
    let told = first.field("cache-status");
    assert!(
        told.contains("fwd=uri-miss") && told.contains("detail=error-page"),
        "{told}"
    );
    // No validator of the page is one of what is not there.
    for name in ["etag", "last-modified", "accept-ranges", "age"] {
        assert!(!first.has(name), "{name}");
    }
    assert_eq!(asked(&bucket), ["missing", "404.html"]);
    edge.advance(3);
    let again = edge.get("/missing").await;
    assert_eq!(
        (again.status, &*again.text(), &*again.field("age")),
        (404, "not here", "3")
    );
    assert!(again.field("cache-status").contains("hit"));
    assert_eq!(asked(&bucket), [""; 0]);
    // Another one costs its own question only.
    assert_eq!(edge.get("/gone").await.text(), "not here");
    assert_eq!(asked(&bucket), ["gone"]);
    assert_eq!(edge.get("/404.html").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_not_cut_or_compared() {
    let (_bucket, edge) = site(OBJECTS, PAGE).await;
    let tag = edge.get("/404.html").await.field("etag");
    for stored in [false, true] {
        for fields in [
            [("range", "bytes=0-2")],
            [("if-none-match", &*tag)],
            [("if-none-match", "*")],
        ] {
            let answer = edge.get_with("/missing", &fields).await;
            assert_eq!(
                (answer.status, &*answer.text()),
                (404, "not here"),
                "{fields:?} {stored}"
            );
        }
        let head = edge.request("HEAD", "/missing", &[]).await;
        assert_eq!((head.status, &*head.field("content-length")), (404, "8"));
        edge.get("/missing").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_a_success_it_is_cut_and_compared_as_one() {
    let lines = "error_responses = [{ status = 404, page = \"/404.html\", as_status = 200 }]";
    let (_bucket, edge) = site(OBJECTS, lines).await;
    let whole = edge.get("/missing").await;
    assert_eq!(
        (whole.status, &*whole.text(), &*whole.cache()),
        (200, "not here", "Miss")
    );
    let tag = whole.field("etag");
    let part = edge.get_with("/missing", &[("range", "bytes=0-2")]).await;
    assert_eq!((part.status, &*part.text()), (206, "not"));
    assert_eq!(part.field("content-range"), "bytes 0-2/8");
    let unchanged = edge.get_with("/missing", &[("if-none-match", &tag)]).await;
    assert_eq!((unchanged.status, unchanged.cache().as_str()), (304, "Hit"));
    let head = edge.request("HEAD", "/missing", &[]).await;
    assert_eq!((head.status, &*head.field("content-length")), (200, "8"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_page_the_error_is_answered_itself() {
    let (bucket, edge) = site(&[], PAGE).await;
    let answer = edge.get("/missing").await;
    assert_eq!((answer.status, &*answer.text()), (404, "Not Found\n"));
    assert!(answer.field("cache-status").contains("detail=page-missing"));
    assert_eq!(asked(&bucket), ["missing", "404.html"]);
    assert_eq!(edge.get("/404.html").await.status, 404);
    assert_eq!(edge.get("/missing").await.text(), "Not Found\n");
    assert_eq!(asked(&bucket), [""; 0]);
    // Once it is there, it is sent.
    bucket.put("404.html", "late").await;
    edge.advance(11);
    assert_eq!(edge.get("/missing").await.text(), "late");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_edge_refuses_has_its_page_too() {
    let lines = "root_object = \"\"\nerror_responses = [\n  { status = 404, page = \"/404.html\" },\n  \
                 { status = 405, page = \"/405.html\" },\n  { status = 400, page = \"/400.html\" },\n]";
    let objects = [
        ("404.html", "none"),
        ("405.html", "no such way"),
        ("400.html", "what?"),
    ];
    let (bucket, edge) = site(&objects, lines).await;
    for _ in 0..2 {
        let refused = edge.request("POST", "/", &[]).await;
        assert_eq!((refused.status, &*refused.text()), (405, "no such way"));
        assert_eq!(refused.field("allow"), "GET, HEAD");
        // Nobody is to keep what the edge says of itself.
        assert_eq!(refused.field("cache-control"), "no-store");
        let bad = edge.get("/a/../b").await;
        assert_eq!((bad.status, &*bad.text()), (400, "what?"));
        assert_eq!(edge.get("/").await.text(), "none");
    }
    assert_eq!(asked(&bucket), ["405.html", "400.html", "404.html"]);
    // Before it is known whose a request is, there is no page for it.
    let long = format!("/{}", "x".repeat(9_000));
    assert!(edge.get(&long).await.text().contains("URI Too Long"));
}
