//! A field that was not forwarded cannot have changed the answer, whatever Vary says.

use super::{forwarding, get, is, told, varying};
use crate::harness::{Reply, scripted};

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_behind_makes_no_variant() {
    let replies = vec![varying(
        "Accept-Language, Cookie, User-Agent",
        "",
        "one for all",
    )];
    let (origin, edge) = forwarding("Default", replies).await;
    for (language, cookie) in [("de", "a=1"), ("en", "a=2"), ("", "")] {
        let fields = [
            ("accept-language", language),
            ("cookie", cookie),
            ("user-agent", cookie),
        ];
        assert_eq!(get(&edge, &fields).await.text(), "one for all");
    }
    assert_eq!(get(&edge, &[]).await.cache(), "Hit");
    assert_eq!(origin.count(), 1);
    assert!(!origin.last().contains("cookie") && !origin.last().contains("accept-language"));
}

#[tokio::test(flavor = "multi_thread")]
async fn codings_count_as_they_were_forwarded() {
    let replies = vec![
        varying("Accept-Encoding", "content-encoding: gzip\r\n", "gz"),
        varying("Accept-Encoding", "", "plain"),
    ];
    let (origin, edge) = forwarding("Default", replies).await;
    for (spelling, expected) in [
        ("gzip, deflate", is("fwd=uri-miss", "gz")),
        ("gzip", is("hit", "gz")),
        ("deflate;q=0.9, GZIP;q=0.1", is("hit", "gz")),
        ("x-gzip, compress", is("hit", "gz")),
        ("deflate", is("fwd=vary-miss", "plain")),
        ("identity", is("hit", "plain")),
        ("gzip;q=0", is("hit", "plain")),
        ("compress", is("hit", "plain")),
    ] {
        let answer = get(&edge, &[("accept-encoding", spelling)]).await;
        assert_eq!(told(&answer), expected, "{spelling}");
    }
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_gets_nothing_so_its_objects_have_one_variant() {
    let (origin, edge) = scripted([Reply::ok(
        "vary: Origin, Accept-Encoding\r\n",
        "one for all",
    )])
    .await;
    for fields in [
        [("origin", "https://a.test")],
        [("accept-encoding", "gzip")],
    ] {
        assert_eq!(edge.get_with("/a", &fields).await.text(), "one for all");
    }
    assert_eq!(edge.get("/a").await.cache(), "Hit");
    assert_eq!(origin.count(), 1);
}
