//! After a method that changes something, what was stored of its target is gone; a fetch that began
//! before must not bring it back (RFC 9111 section 4.4).

use crate::harness::{Reply, until, web_with};

const STANDARD: &str = "methods = \"any\"";

fn page(text: &str) -> Reply {
    Reply::ok("cache-control: max-age=60\r\n", text)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_of_the_target_goes() {
    for (method, status) in [
        ("POST", 200),
        ("PUT", 204),
        ("PATCH", 201),
        ("DELETE", 303),
        ("PROPPATCH", 207),
    ] {
        let changed =
            Reply::Send(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n").into_bytes());
        let changed = match status {
            204 => Reply::Send(b"HTTP/1.1 204 X\r\n\r\n".to_vec()),
            _ => changed,
        };
        let (_origin, edge) = web_with(
            "",
            STANDARD,
            [page("old"), page("other"), changed, page("new")],
        )
        .await;
        assert_eq!(edge.get("/a?x").await.text(), "old");
        assert_eq!(edge.get("/a?y").await.text(), "other");
        assert_eq!(edge.request(method, "/a?x", &[]).await.status, status);
        assert_eq!(edge.get("/a?x").await.text(), "new", "{method}");
        let other = edge.get("/a?y").await;
        assert_eq!(
            (other.text().as_str(), other.cache().as_str()),
            ("other", "Hit")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_safe_method_and_a_failure_change_nothing() {
    for (method, status) in [
        ("OPTIONS", 200),
        ("POST", 400),
        ("PUT", 412),
        ("DELETE", 500),
    ] {
        let (origin, edge) =
            web_with("", STANDARD, [page("old"), Reply::status(status, "", "no")]).await;
        edge.get("/a").await;
        assert_eq!(edge.request(method, "/a", &[]).await.status, status);
        let kept = edge.get("/a").await;
        assert_eq!(
            (kept.text().as_str(), kept.cache().as_str()),
            ("old", "Hit"),
            "{method}"
        );
        assert_eq!(origin.count(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_began_before_brings_nothing_back() {
    let old = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncache-control: max-age=60\r\n\r\nold";
    let (origin, edge) = web_with(
        "",
        STANDARD,
        [
            Reply::Hold(old.as_bytes().to_vec()),
            Reply::ok("", "changed"),
            page("new"),
        ],
    )
    .await;
    let mut reader = edge.connect().await;
    reader.send_request("GET", "/a", &[], "").await;
    until("the old page is being fetched", || origin.count() == 1).await;
    assert_eq!(edge.request("POST", "/a", &[]).await.text(), "changed");
    origin.release();
    // It asked before the change, and may get either.
    assert_eq!(reader.answer("GET").await.status, 200);
    edge.settled().await;
    assert_eq!(edge.get("/a").await.text(), "new");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_names_on_the_same_host_goes_too() {
    for (field, gone) in [
        ("location: /b?c", true),
        ("content-location: http://localhost/b?c", true),
        ("location: http://other.test/b?c", false),
        ("location: /b", false),
        ("location: /x/../b?c", false),
    ] {
        let reply = Reply::status(201, &format!("{field}\r\n"), "");
        let (_origin, edge) = web_with("", STANDARD, [page("old"), reply, page("new")]).await;
        edge.get("/b?c").await;
        edge.request("POST", "/a", &[]).await;
        let expected = if gone { "new" } else { "old" };
        assert_eq!(edge.get("/b?c").await.text(), expected, "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_for_what_nobody_has_cached_cost_the_ledger_nothing() {
    let (_origin, edge) = web_with("", STANDARD, (0..5).map(|_| Reply::ok("", ""))).await;
    let before = edge.edge.engine().ledger.position();
    for number in 0..5 {
        edge.request("POST", &format!("/{number}"), &[]).await;
    }
    assert_eq!(edge.edge.engine().ledger.position(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_this_edges_own_affair() {
    let (_origin, edge) = web_with("", STANDARD, [page("old"), Reply::ok("", "changed")]).await;
    edge.get("/a").await;
    assert_eq!(edge.request("POST", "/a", &[]).await.text(), "changed");
    let told = edge.admin("GET", "/v1/invalidations", "").await.json();
    assert_eq!(told["invalidations"], serde_json::json!([]));
}
