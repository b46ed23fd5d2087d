//! A path of an application that is no object is its page, for people who go there; a script that is
//! missing and a call of an API stay 404.

use super::{asked, site};

const SPA: &str = "spa = \"/app.html\"";
const OBJECTS: &[(&str, &str)] = &[("app.html", "app"), ("a.js", "script"), ("v1.0/x", "x")];
const BROWSER: [(&str, &str); 2] = [
    ("sec-fetch-mode", "navigate"),
    ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
];

#[tokio::test(flavor = "multi_thread")]
async fn navigations_get_the_page_and_nothing_else_does() {
    let (bucket, edge) = site(OBJECTS, SPA).await;
    for (path, fields, expected) in [
        ("/users/7", &BROWSER[..], 200),
        ("/users/7?tab=1", &BROWSER[..1], 200),
        ("/users/7", &[("accept", "text/html")], 200),
        ("/v1.0/users", &BROWSER, 200),
        ("/users/", &BROWSER, 200),
        ("/users/7", &[], 404),
        ("/users/7", &[("accept", "*/*")], 404),
        ("/users/7", &[("accept", "application/json, */*")], 404),
        ("/users/7", &[("accept", "text/html;q=0")], 404),
        (
            "/users/7",
            &[("sec-fetch-mode", "cors"), ("accept", "text/html")],
            404,
        ),
        (
            "/users/7",
            &[("sec-fetch-mode", "no-cors"), ("accept", "text/html")],
            404,
        ),
        ("/b.js", &BROWSER, 404),
        ("/b%2Ejs", &BROWSER, 404),
    ] {
        let answer = edge.get_with(path, fields).await;
        assert_eq!(answer.status, expected, "{path} {fields:?}");
        let text = answer.text();
        assert_eq!(text == "app", expected == 200, "{path} {fields:?}: {text}");
        // Whoever keeps the answer keeps the two apart, where there are two.
        let vary = if path.ends_with("js") {
            ""
        } else {
            "Sec-Fetch-Mode, Accept"
        };
        assert_eq!(answer.field("vary"), vary, "{path} {fields:?}");
    }
    asked(&bucket);
    let page = edge.get_with("/users/7", &BROWSER).await;
    assert_eq!(page.cache(), "Hit");
    assert!(page.field("cache-status").contains("detail=spa"));
    assert_eq!(asked(&bucket), [""; 0]);
    // An object is an object, for everybody alike.
    let script = edge.get_with("/a.js", &BROWSER).await;
    assert_eq!((&*script.text(), script.has("vary")), ("script", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_a_success_with_all_that_belongs_to_it() {
    let (_bucket, edge) = site(OBJECTS, SPA).await;
    let tag = edge.get("/app.html").await.field("etag");
    let with = |name, value| [BROWSER[0], (name, value)];
    let unchanged = edge.get_with("/users", &with("if-none-match", &tag)).await;
    assert_eq!(unchanged.status, 304);
    assert_eq!(unchanged.field("vary"), "Sec-Fetch-Mode, Accept");
    let part = edge.get_with("/users", &with("range", "bytes=1-")).await;
    assert_eq!((part.status, &*part.text()), (206, "pp"));
    let head = edge.request("HEAD", "/users", &BROWSER).await;
    assert_eq!((head.status, &*head.field("content-length")), (200, "3"));
    let posted = edge.request("POST", "/users", &BROWSER).await;
    assert_eq!(posted.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_get_the_error_page_beside_it() {
    let lines = format!("{SPA}\nerror_responses = [{{ status = 404, page = \"/404.html\" }}]");
    let objects = [("app.html", "app"), ("404.html", "not here")];
    let (bucket, edge) = site(&objects, &lines).await;
    assert_eq!(edge.get_with("/users", &BROWSER).await.text(), "app");
    let other = edge.get("/users").await;
    assert_eq!((other.status, &*other.text()), (404, "not here"));
    assert_eq!(other.field("vary"), "Sec-Fetch-Mode, Accept");
    // Without its page an application is not there either.
    bucket.delete("app.html").await;
    edge.purge(&["/app.html"]).await;
    let gone = edge.get_with("/users", &BROWSER).await;
    assert_eq!((gone.status, &*gone.text()), (404, "not here"));
}
