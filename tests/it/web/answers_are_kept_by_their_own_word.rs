//! An HTTP origin's answers live by RFC 9111 unless a policy says otherwise, whatever their framing.

use crate::harness::{Reply, field, web, web_with};

fn raw(head: &str) -> Reply {
    Reply::Send(head.as_bytes().to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_nothing_is_reused() {
    let (origin, edge) = web([Reply::ok("", "1"), Reply::ok("", "2")]).await;
    assert_eq!(edge.get("/a").await.text(), "1");
    assert_eq!(edge.get("/a").await.text(), "2");
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_answer_is_stored_and_its_trailers_are_not() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\
                   cache-control: max-age=60\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\
                   x-end: 1\r\ncontent-length: 3\r\n\r\n";
    let (origin, edge) = web([raw(chunked)]).await;
    for cache in ["Miss", "Hit"] {
        let answer = edge.get("/a").await;
        assert_eq!(
            (answer.text().as_str(), answer.cache().as_str()),
            ("hello world", cache)
        );
        assert!(!answer.has("x-end") && !answer.has("trailer"), "{answer:?}");
    }
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_answer_over_the_limit_passes_through() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncache-control: max-age=60\r\n\r\n";
    let body = format!("3e8\r\n{}\r\n", "x".repeat(1_000)).repeat(3);
    let whole = format!("{head}{body}0\r\n\r\n");
    let origin = crate::harness::ScriptedOrigin::start([raw(&whole), raw(&whole)]).await;
    let edge = crate::harness::EdgeOptions::web(&origin.url())
        .edge("max_object_size = \"2500B\"")
        .start()
        .await;
    for _ in 0..2 {
        let answer = edge.get("/a").await;
        assert!(
            answer.complete && answer.text() == "x".repeat(3_000),
            "{answer:?}"
        );
    }
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_ends_with_its_connection_is_not_stored() {
    let head = "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\n\r\nhello";
    let close = || Reply::SendAndClose(head.as_bytes().to_vec());
    let (origin, edge) = web([close(), close()]).await;
    for _ in 0..2 {
        assert_eq!(edge.get("/a").await.text(), "hello");
    }
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_that_breaks_off_is_never_whole() {
    let cut = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncache-control: max-age=60\r\n\r\n\
               5\r\nhello\r\n";
    let (_origin, edge) = web([
        Reply::SendAndClose(cut.as_bytes().to_vec()),
        Reply::ok("", "whole"),
    ])
    .await;
    assert_eq!(edge.get("/a").await.status, 502);
    assert_eq!(edge.get("/a").await.text(), "whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_answer_is_asked_about_by_tag_and_date() {
    let date = "Wed, 01 Jul 2020 00:00:00 GMT";
    let (origin, edge) = web([
        Reply::ok(
            &format!("cache-control: max-age=10\r\netag: W/\"a\"\r\nlast-modified: {date}\r\nx-a: 1\r\nx-b: 1\r\n"),
            "hello",
        ),
        Reply::not_modified("cache-control: max-age=20\r\nx-a: 2\r\nx-c: 3\r\ncontent-length: 9\r\n"),
    ])
    .await;
    edge.get("/a").await;
    edge.advance(11);
    let renewed = edge.get("/a").await;
    let head = origin.last();
    assert_eq!(field(&head, "if-none-match"), "W/\"a\"");
    assert_eq!(field(&head, "if-modified-since"), date);
    edge.advance(19);
    let hit = edge.get("/a").await;
    assert_eq!(
        (renewed.cache().as_str(), hit.cache().as_str()),
        ("RefreshHit", "Hit")
    );
    for answer in [&renewed, &hit] {
        assert_eq!(answer.text(), "hello");
        let fields = ["x-a", "x-b", "x-c", "content-length"].map(|name| answer.field(name));
        assert_eq!(fields, ["2", "1", "3", "5"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_failures_are_its_own_and_are_not_kept() {
    for status in [400, 403, 429, 500, 502, 503, 504, 599] {
        let (origin, edge) =
            web([Reply::status(status, "", "theirs"), Reply::ok("", "well")]).await;
        let failed = edge.get("/a").await;
        assert_eq!((failed.status, failed.text().as_str()), (status, "theirs"));
        assert_eq!(edge.get("/a").await.text(), "well", "{status}");
        assert_eq!(origin.count(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_covered_where_that_is_allowed() {
    for (allowed, expected) in [
        ("", (503, "theirs")),
        (", stale-if-error=60", (200, "hello")),
    ] {
        for validator in ["", "etag: \"a\"\r\n"] {
            let first = Reply::ok(
                &format!("cache-control: max-age=10{allowed}\r\n{validator}"),
                "hello",
            );
            let (_origin, edge) = web([
                first,
                Reply::status(503, "", "theirs"),
                Reply::ok("", "well"),
            ])
            .await;
            edge.get("/a").await;
            edge.advance(11);
            let answer = edge.get("/a").await;
            assert_eq!(
                (answer.status, answer.text().as_str()),
                expected,
                "{allowed} {validator}"
            );
            edge.advance(11);
            assert_eq!(edge.get("/a").await.text(), "well");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_varies_by_what_went_on_is_not_taken_for_another() {
    let varied = |text| {
        Reply::ok(
            "cache-control: max-age=60\r\nvary: accept-encoding\r\n",
            text,
        )
    };
    let (_origin, edge) = web([varied("zipped"), varied("plain")]).await;
    let zipped = edge.get_with("/a", &[("accept-encoding", "gzip")]).await;
    assert_eq!(zipped.text(), "zipped");
    assert_eq!(edge.get("/a").await.text(), "plain");
    // What no viewer's field can change is one object for all.
    let (_origin, edge) = web([Reply::ok(
        "cache-control: max-age=60\r\nvary: cookie\r\n",
        "one",
    )])
    .await;
    edge.get_with("/a", &[("cookie", "a=b")]).await;
    assert_eq!(edge.get("/a").await.cache(), "Hit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_takes_all_queries_or_one() {
    let page = |text| Reply::ok("cache-control: max-age=60\r\n", text);
    let (_origin, edge) = web_with(
        "",
        "",
        [
            page("x"),
            page("y"),
            page("new x"),
            page("newer x"),
            page("new y"),
        ],
    )
    .await;
    edge.get("/%61?x").await;
    edge.get("/%61?y").await;
    edge.purge(&["/a?x"]).await;
    assert_eq!(edge.get("/%61?x").await.text(), "new x");
    assert_eq!(edge.get("/%61?y").await.cache(), "Hit");
    edge.purge(&["/a"]).await;
    assert_eq!(edge.get("/%61?x").await.text(), "newer x");
    assert_eq!(edge.get("/%61?y").await.text(), "new y");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_forgotten_at_once() {
    let replies = [
        Reply::status(503, "", "busy"),
        Reply::ok("cache-control: max-age=60\r\n", "here"),
    ];
    let (origin, edge) = web_with("", "", replies).await;
    let answer = edge.get("/a").await;
    assert_eq!((answer.status, answer.text().as_str()), (503, "busy"));
    for cache in ["Miss", "Hit"] {
        let answer = edge.get("/a").await;
        assert_eq!(
            (answer.text().as_str(), answer.cache().as_str()),
            ("here", cache)
        );
    }
    assert_eq!(origin.count(), 2);
}
