//! A stored copy belongs to no origin: pages of several get it in turn, each told that it may read it, and
//! the web server is asked once.

use super::{APP, EVIL, LISTED, SHOP, page, sharing, with_policy};
use crate::harness::{Protocol, Viewer};

#[tokio::test(flavor = "multi_thread")]
async fn one_stored_object_serves_every_origin() {
    // What the web server says of its own about sharing is of the first who asks, and must not last.
    let theirs = "access-control-allow-origin: https://evil.test\r\n\
                  access-control-allow-credentials: true\r\n";
    for protocol in Protocol::BOTH {
        let (origin, edge) = with_policy(LISTED, [page(theirs)]).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        for round in 0..3 {
            for (asks, allowed) in [(APP, true), (SHOP, true), (EVIL, false)] {
                let answer = viewer.get_with("/a", &[asks]).await;
                assert_eq!(answer.text(), "page");
                let told = answer.field("access-control-allow-origin");
                let expected = if allowed { asks.1 } else { "" };
                assert_eq!(told, expected, "{protocol:?} {round}");
            }
            assert_eq!(sharing(&viewer.get("/a").await), [""; 0]);
        }
        assert_eq!(origin.count(), 1, "one request, whoever asks");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_for_all_needs_no_vary() {
    let any = "cors = { origins = [\"*\"] }";
    let (origin, edge) = with_policy(any, [page("")]).await;
    for fields in [&[][..], &[APP], &[EVIL], &[("origin", "null")]] {
        let answer = edge.get_with("/a", fields).await;
        assert_eq!(sharing(&answer), ["allow-origin: *"]);
        assert!(!answer.has("vary"), "{fields:?}");
    }
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_holds_nothing_that_a_reload_could_bring_to_light() {
    let theirs = "access-control-allow-origin: https://evil.test\r\n";
    let (origin, mut edge) = with_policy(LISTED, [page(theirs)]).await;
    edge.get_with("/a", &[EVIL]).await;
    let config = super::options(&origin, "remove = [\"X-Other\"]").config(&edge.data);
    edge.edge.reload(config).await.unwrap();
    let kept = edge.get_with("/a", &[EVIL]).await;
    assert_eq!(kept.cache(), "Hit");
    assert_eq!(sharing(&kept), [""; 0]);
}
