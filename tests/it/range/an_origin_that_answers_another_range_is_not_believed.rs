//! A part that was not asked for, or a 304 to no question, is a 502 and is never stored.

use crate::harness::{Reply, scripted};

fn part(content_range: &str, body: &str) -> Reply {
    let content_range = match content_range {
        "" => String::new(),
        given => format!("content-range: {given}\r\n"),
    };
    Reply::status(206, &format!("etag: \"v1\"\r\n{content_range}"), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_range_than_was_asked_for() {
    for (content_range, body) in [
        ("bytes 0-3/20", "0123"),
        ("bytes 2-6/20", "23456"),
        ("bytes 2-5/20", "23456"),
        ("bytes 2-5/20", "234"),
        ("bytes 5-2/20", "2345"),
        ("bytes 2-25/20", "2345"),
        ("items 2-5/20", "2345"),
        ("bytes */20", "2345"),
        ("bytes 0-3/*", "0123"),
        ("bytes 2-6/*", "23456"),
        ("bytes 1-1/2", "1"),
        ("nonsense", "2345"),
        ("", "2345"),
    ] {
        let (origin, edge) =
            scripted([part(content_range, body), part("bytes 2-5/20", "2345")]).await;
        let range = [("range", "bytes=2-5")];
        let answer = edge.get_with("/a", &range).await;
        assert_eq!(
            (answer.status, answer.cache().as_str()),
            (502, "Error"),
            "{content_range:?}"
        );
        // Its text has the id of the request, which may hold any digits.
        let said = answer.text().replace(&answer.field("x-request-id"), "");
        assert!(!said.contains("234"), "{content_range:?}");
        let right = edge.get_with("/a", &range).await;
        assert_eq!((right.status, right.text().as_str()), (206, "2345"));
        assert_eq!(origin.count(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_nobody_asked_for() {
    let (origin, edge) = scripted([part("bytes 0-3/20", "0123"), Reply::ok("", "whole")]).await;
    let answer = edge.get("/a").await;
    assert_eq!((answer.status, answer.cache().as_str()), (502, "Error"));
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
    assert_eq!(edge.get("/a").await.text(), "whole");
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_304_to_no_question() {
    for fields in [
        &[][..],
        &[("if-none-match", "\"v1\"")],
        &[("range", "bytes=0-1")],
    ] {
        let (_origin, edge) = scripted([
            Reply::not_modified("etag: \"v1\"\r\n"),
            Reply::ok("", "whole"),
        ])
        .await;
        let answer = edge.get_with("/a", fields).await;
        assert_eq!(
            (answer.status, answer.cache().as_str()),
            (502, "Error"),
            "{fields:?}"
        );
        assert_eq!(edge.edge.engine().memory.usage().objects, 0);
        assert_eq!(edge.get("/a").await.text(), "whole");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_instead_of_a_part_is_the_whole() {
    let (_origin, edge) = scripted([Reply::ok("etag: \"v1\"\r\n", "0123456789")]).await;
    let answer = edge.get_with("/a", &[("range", "bytes=2-5")]).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "0123456789"));
    assert!(!answer.has("content-range"));
}
