//! The response headers policy of the request's own behaviour holds for a page that stands in, and for a
//! redirect; and a preflight that is refused stays refused.

use super::site;

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_redirects_are_answers_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("_redirects");
    std::fs::write(&file, "/old /new\n").unwrap();
    let lines = format!(
        "redirects = {file:?}\nindex = \"directories\"\nresponse_headers = \"outside\"\n\
         error_responses = [{{ status = 404, page = \"/pages/404.html\" }}, \
         {{ status = 403, page = \"/pages/404.html\", as_status = 200 }}]\n\
         [[distributions.behaviors]]\npath = \"/pages/*\"\nresponse_headers = \"pages\"\n\
         [response_headers.outside]\nset = [{{ name = \"X-Of\", value = \"outside\" }}]\n\
         cors = {{ origins = [\"https://a.test\"] }}\n\
         [response_headers.pages]\nset = [{{ name = \"X-Of\", value = \"pages\" }}]\n"
    );
    let objects = [("pages/404.html", "not here"), ("docs/index.html", "docs")];
    let (_bucket, edge) = site(&objects, &lines).await;
    for (path, status, of) in [
        ("/missing", 404, "outside"),
        ("/docs", 302, "outside"),
        ("/docs/", 200, "outside"),
        ("/old", 301, "outside"),
        ("/pages/missing", 404, "pages"),
        ("/pages/404.html", 200, "pages"),
    ] {
        for _ in 0..2 {
            let answer = edge.get(path).await;
            assert_eq!(
                (answer.status, &*answer.field("x-of")),
                (status, of),
                "{path}"
            );
        }
    }
    let preflight = [
        ("origin", "https://b.test"),
        ("access-control-request-method", "GET"),
    ];
    assert_eq!(
        edge.request("OPTIONS", "/missing", &preflight).await.status,
        403
    );
}
