//! Who may read an answer is said of each one whose behaviour is known, whatever it comes from; and that it
//! depends on the origin is said to those too who named none.

use super::{APP, EVIL, LISTED, SHOP, page, sharing, with_policy};
use crate::harness::{Answer, EdgeOptions, Protocol, Reply, TestBucket, Viewer};

const MAY_READ: [&str; 3] = [
    "allow-credentials: true",
    "allow-origin: https://app.test",
    "expose-headers: X-B",
];

fn assert_told(what: &str, answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{what}");
    let expected = MAY_READ.map(|line| line.replace("X-B", "x-b"));
    assert_eq!(sharing(answer), expected, "{what}");
    assert_eq!(answer.field("vary"), "Origin", "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_answer_says_who_may_read_it() {
    for protocol in Protocol::BOTH {
        let (origin, edge) = with_policy(LISTED, [page("etag: \"1\"\r\n")]).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        assert_told("miss", &viewer.get_with("/a", &[APP]).await, 200);
        let hit = viewer.get_with("/a", &[APP]).await;
        assert_eq!(hit.cache(), "Hit");
        assert_told("hit", &hit, 200);
        let head = viewer.request("HEAD", "/a", &[APP], "").await;
        assert_told("HEAD", &head, 200);
        for (what, field, status) in [
            ("not modified", ("if-none-match", "\"1\""), 304),
            ("a range", ("range", "bytes=0-1"), 206),
            ("several ranges", ("range", "bytes=0-0,2-2"), 206),
            ("no range", ("range", "bytes=9-"), 416),
        ] {
            let answer = viewer.get_with("/a", &[APP, field]).await;
            assert_told(what, &answer, status);
        }
        assert_eq!(origin.count(), 1);

        origin.then(Reply::status(404, "cache-control: max-age=60\r\n", "none"));
        assert_told("missing", &viewer.get_with("/b", &[APP]).await, 404);
        origin.then(Reply::SendAndClose(b"nonsense\r\n\r\n".to_vec()));
        assert_told("no origin", &viewer.get_with("/c", &[APP]).await, 502);
        let refused = viewer.request("DELETE", "/a", &[APP], "").await;
        assert_told("a method", &refused, 405);
        let refused = viewer.get_with("/a/%2e%2e/b", &[APP]).await;
        assert_told("a path", &refused, 400);
        origin.then(Reply::ok("cache-control: no-store\r\n", "private"));
        assert_told("not kept", &viewer.get_with("/d", &[APP]).await, 200);

        for (what, fields) in [("nobody", &[][..]), ("somebody else", &[EVIL])] {
            for (path, status) in [("/a", 200), ("/b", 404)] {
                let answer = viewer.get_with(path, fields).await;
                assert_eq!(answer.status, status, "{what}");
                assert_eq!(sharing(&answer), [""; 0], "{what}");
                assert_eq!(answer.field("vary"), "Origin", "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_answer_and_a_validated_one_say_it_too() {
    let (origin, edge) = with_policy(LISTED, [page("etag: \"1\"\r\n")]).await;
    edge.get("/a").await;
    edge.advance(61);
    origin.then(Reply::not_modified(
        "etag: \"1\"\r\ncache-control: max-age=60, stale-if-error=60\r\n",
    ));
    let validated = edge.get_with("/a", &[APP]).await;
    assert_eq!(validated.cache(), "RefreshHit");
    assert_told("validated", &validated, 200);
    edge.advance(61);
    origin.then(Reply::status(500, "", ""));
    assert_told("stale", &edge.get_with("/a", &[APP]).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_a_behavior_is_known_says_nothing() {
    let (_origin, edge) = with_policy(LISTED, []).await;
    let target = format!("/{}", "x".repeat(9_000));
    let answer = edge.get_with(&target, &[APP]).await;
    assert_eq!(answer.status, 414);
    assert_eq!(sharing(&answer), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_of_a_bucket_are_shared_likewise() {
    let bucket = TestBucket::start().await;
    bucket.put("a", "object").await;
    let edge = EdgeOptions::of(&bucket)
        .distribution("response_headers = \"app\"")
        .more(&format!("[response_headers.app]\n{LISTED}\n"))
        .start()
        .await;
    for (cache, path, status) in [
        ("Miss", "/a", 200),
        ("Hit", "/a", 200),
        ("Error", "/b", 404),
    ] {
        let answer = edge.get_with(path, &[SHOP]).await;
        assert_eq!((answer.cache().as_str(), answer.status), (cache, status));
        assert_eq!(answer.field("access-control-allow-origin"), SHOP.1);
        assert_eq!(answer.field("vary"), "Origin");
    }
}
