//! What a behaviour does not allow is 405 and says what is; some methods never are.

use crate::harness::{Reply, web_with};

const ALLOW: &str = "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_405() {
    for (methods, refused, allow) in [
        ("[\"GET\"]", &["HEAD", "POST", "FOO"][..], "GET"),
        ("[\"GET\", \"HEAD\"]", &["POST", "OPTIONS"], "GET, HEAD"),
        ("\"standard\"", &["FOO", "PROPFIND", "get"], ALLOW),
        ("\"any\"", &[], ALLOW),
    ] {
        let (origin, edge) = web_with("", &format!("methods = {methods}"), []).await;
        let never = ["TRACE", "TRACK", "PURGE"];
        for method in refused.iter().chain(&never) {
            let answer = edge.request(method, "/a", &[("cookie", "secret")]).await;
            assert_eq!(answer.status, 405, "{methods} {method}");
            assert_eq!(answer.field("allow"), allow);
            assert!(!answer.text().contains("secret"));
        }
        assert_eq!(origin.count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_is_read_and_not_taken_for_a_request() {
    let (origin, edge) = web_with("", "", [Reply::ok("", "hello")]).await;
    let mut client = edge.connect().await;
    let hidden = "GET /hidden HTTP/1.1\r\nhost: localhost\r\n\r\n";
    assert_eq!(client.request("POST", "/a", &[], hidden).await.status, 405);
    assert_eq!(client.get("/b").await.text(), "hello");
    assert!(origin.last().starts_with("GET /b "));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_method_goes_through_unchanged() {
    let (origin, edge) = web_with("", "methods = \"any\"", [Reply::status(299, "", "odd")]).await;
    let answer = edge.request("X-ODD", "/a", &[]).await;
    assert_eq!((answer.status, answer.text().as_str()), (299, "odd"));
    assert!(origin.last().starts_with("X-ODD /a HTTP/1.1\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_asked_as_head_and_its_body_is_none() {
    let head = Reply::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\netag: \"a\"\r\n\r\n".to_vec());
    let (origin, edge) = web_with(
        "",
        "",
        [head, Reply::ok("cache-control: max-age=9\r\n", "hello")],
    )
    .await;
    let answer = edge.request("HEAD", "/a", &[]).await;
    assert_eq!(
        (answer.status, answer.field("content-length").as_str()),
        (200, "5")
    );
    assert!(origin.last().starts_with("HEAD /a "));
    assert_eq!(edge.get("/a").await.text(), "hello");
    let hit = edge.request("HEAD", "/a", &[]).await;
    assert_eq!(
        (hit.cache().as_str(), hit.field("content-length").as_str()),
        ("Hit", "5")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_of_a_get_does_not_go_on() {
    let (origin, edge) = web_with(
        "",
        "origin_request = \"AllViewer\"",
        [Reply::ok("", "hello")],
    )
    .await;
    let mut client = edge.connect().await;
    let fields = [("content-type", "text/plain")];
    assert_eq!(
        client.request("GET", "/a", &fields, "fat").await.text(),
        "hello"
    );
    assert_eq!(origin.bodies(), [b""]);
    let head = origin.last().to_ascii_lowercase();
    assert!(!head.contains("content-"), "{head}");
}
