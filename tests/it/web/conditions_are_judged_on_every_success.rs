//! A viewer's conditions count wherever the answer without them is a 2xx (RFC 9110 section 13.2.1); a
//! range counts on a 200 only (section 14.2).

use crate::harness::{Reply, web};

const DATE: &str = "Wed, 01 Jul 2020 00:00:00 GMT";

fn answer(status: u16, cache_control: &str) -> Reply {
    let body = if status == 204 {
        ""
    } else {
        "content-length: 5\r\n"
    };
    let text = if status == 204 { "" } else { "hello" };
    Reply::Send(
        format!(
            "HTTP/1.1 {status} X\r\n{body}etag: \"a\"\r\nlast-modified: {DATE}\r\n\
             cache-control: {cache_control}\r\n\r\n{text}"
        )
        .into_bytes(),
    )
}

const MATCHES: [(&str, &str); 2] = [("if-none-match", "W/\"a\""), ("if-modified-since", DATE)];

#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_is_held_already_is_a_304() {
    for status in [200, 201, 203, 204, 299] {
        for condition in MATCHES {
            // Kept, and asked for twice: once it comes, once it is there.
            let (origin, edge) = web([answer(status, "max-age=60")]).await;
            for cache in ["Miss", "Hit"] {
                let answer = edge.get_with("/a", &[condition]).await;
                assert_eq!(
                    (answer.status, answer.cache().as_str()),
                    (304, cache),
                    "{status} {condition:?}"
                );
                assert_eq!(answer.field("etag"), "\"a\"");
            }
            assert_eq!(edge.get("/a").await.status, status);
            assert_eq!(origin.count(), 1);
            // Not kept: the conditions are those of this answer all the same.
            let (_origin, edge) = web([answer(status, "no-store")]).await;
            let live = edge.get_with("/a", &[condition]).await;
            assert_eq!(live.status, 304, "{status} {condition:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_success_is_told_whatever_the_condition() {
    for status in [301, 404, 410, 500] {
        for cache_control in ["max-age=60", "no-store"] {
            for condition in MATCHES {
                let replies = (0..2).map(|_| answer(status, cache_control));
                let (_origin, edge) = web(replies).await;
                for _ in 0..2 {
                    let answer = edge.get_with("/a", &[condition]).await;
                    assert_eq!(
                        (answer.status, answer.text().as_str()),
                        (status, "hello"),
                        "{cache_control} {condition:?}"
                    );
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_cut_from_a_200_only() {
    for (status, expected) in [(200, (206, "he")), (203, (203, "hello"))] {
        let (_origin, edge) = web([answer(status, "max-age=60")]).await;
        edge.get("/a").await;
        let part = edge.get_with("/a", &[("range", "bytes=0-1")]).await;
        assert_eq!((part.status, part.text().as_str()), expected);
        assert_eq!(part.cache(), "Hit");
    }
}
