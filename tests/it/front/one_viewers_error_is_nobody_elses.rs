//! What one viewer's odd request makes of an answer is not kept for others: an origin that refuses a head,
//! a method or a part leaves the page as it was (CPDoS).

use crate::harness::{Protocol, Reply, Viewer, web_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_the_request_caused_is_not_kept() {
    for protocol in Protocol::BOTH {
        for status in [400, 403, 408, 413, 414, 417, 431, 500, 501, 502, 503, 505] {
            let replies = [
                Reply::status(status, "", "refused"),
                Reply::ok("cache-control: max-age=60\r\n", "page"),
            ];
            let (_origin, edge) = web_with("", "origin_request = \"AllViewer\"", replies).await;
            let mut attacker = Viewer::connect(&edge, protocol).await;
            let long = "v".repeat(9 * 1024);
            let fields = [("x-oversized", &*long), ("x-http-method-override", "POST")];
            let refused = attacker.get_with("/page", &fields).await.status;
            assert_eq!(refused, status, "{protocol:?}");
            let mut clean = Viewer::connect(&edge, protocol).await;
            let answer = clean.get("/page").await;
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (200, "page"),
                "{status}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_is_what_a_range_or_a_condition_asked_for() {
    let part = "HTTP/1.1 206 X\r\ncontent-range: bytes 0-1/4\r\ncontent-length: 2\r\n\
                cache-control: max-age=60\r\n\r\npa";
    for protocol in Protocol::BOTH {
        for (name, value, reply, status) in [
            ("range", "bytes=0-1", Reply::Send(part.into()), 206),
            (
                "range",
                "bytes=9-",
                Reply::status(416, "content-range: bytes */4\r\n", ""),
                416,
            ),
            ("if-match", "\"x\"", Reply::status(412, "", ""), 412),
            (
                "if-none-match",
                "\"x\"",
                Reply::ok("cache-control: max-age=60\r\n", "page"),
                200,
            ),
            (
                "if-none-match",
                "*",
                Reply::ok("cache-control: max-age=60\r\n", "page"),
                304,
            ),
        ] {
            let whole = Reply::ok("cache-control: max-age=60\r\n", "page");
            let (_origin, edge) = web_with("", "", [reply, whole]).await;
            let mut attacker = Viewer::connect(&edge, protocol).await;
            let answer = attacker.get_with("/page", &[(name, value)]).await;
            assert_eq!(answer.status, status, "{protocol:?} {name}: {value}");
            let mut clean = Viewer::connect(&edge, protocol).await;
            let answer = clean.get("/page").await;
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (200, "page"),
                "{name}: {value}"
            );
        }
    }
}

/// What never becomes a request cannot become an entry either.
#[tokio::test(flavor = "multi_thread")]
async fn nor_what_was_refused_here() {
    let (origin, edge) =
        web_with("", "", [Reply::ok("cache-control: max-age=60\r\n", "page")]).await;
    let long = format!("x: {}\r\n", "v".repeat(40 * 1024));
    for line in [
        "x: \x07\r\n",
        "x : y\r\n",
        "\r\x01\r\n",
        &*long,
        "cdn-loop: edge-1\r\n",
    ] {
        let mut client = edge.connect().await;
        let text = format!("GET /page HTTP/1.1\r\nhost: localhost\r\n{line}\r\n");
        client.send(text.as_bytes()).await;
        assert!(client.answer("GET").await.status >= 400);
    }
    assert_eq!(origin.count(), 0);
    assert_eq!(edge.get("/page").await.text(), "page");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_post_is_never_the_page() {
    for protocol in Protocol::BOTH {
        let replies = [
            Reply::ok("cache-control: max-age=60\r\n", "posted"),
            Reply::ok("cache-control: max-age=60\r\n", "page"),
        ];
        let (_origin, edge) = web_with("", "methods = \"any\"", replies).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        assert_eq!(
            viewer.request("POST", "/page", &[], "a=b").await.text(),
            "posted"
        );
        assert_eq!(viewer.get("/page").await.text(), "page", "{protocol:?}");
    }
}
