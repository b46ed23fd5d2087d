//! A viewer that has the object already is told so by the edge, not by the origin.

use crate::harness::{Answer, Reply, scripted};

const MODIFIED: &str = "Wed, 01 Jul 2026 00:00:00 GMT";
const FIELDS: &str = "etag: \"v1\"\r\nlast-modified: Wed, 01 Jul 2026 00:00:00 GMT\r\n\
                      cache-control: max-age=60\r\ncontent-type: text/plain\r\nx-more: more\r\n";

fn is_not_modified(answer: &Answer) {
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    assert_eq!(answer.field("etag"), "\"v1\"");
    assert_eq!(answer.field("cache-control"), "max-age=60");
    assert!(answer.has("date") && answer.has("cache-status"));
    for name in [
        "content-type",
        "content-length",
        "transfer-encoding",
        "x-more",
    ] {
        assert!(!answer.has(name), "{name} has no place in a 304");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_are_answered_from_the_cache() {
    let (origin, edge) = scripted([Reply::ok(FIELDS, "hello")]).await;
    edge.get("/a").await;
    edge.advance(7);
    let (tag, date) = ("if-none-match", "if-modified-since");
    for (fields, unchanged) in [
        (&[(tag, "\"v1\"")][..], true),
        (&[(tag, "\"v0\", \"v1\" , \"v2\"")], true),
        (&[(tag, "\"v0\""), (tag, "\"v1\"")], true),
        (&[(tag, "W/\"v1\"")], true),
        (&[(tag, "*")], true),
        (&[(tag, "\"v2\"")], false),
        (&[(tag, "v1")], false),
        (&[(date, MODIFIED)], true),
        (&[(date, "Thu, 02 Jul 2026 00:00:00 GMT")], true),
        (&[(date, "Tue, 30 Jun 2026 23:59:59 GMT")], false),
        (&[(date, "yesterday")], false),
        // The tag decides where there is one.
        (&[(tag, "\"v2\""), (date, MODIFIED)], false),
        (
            &[(tag, "\"v1\""), (date, "Tue, 30 Jun 2026 00:00:00 GMT")],
            true,
        ),
    ] {
        for method in ["GET", "HEAD"] {
            let mut client = edge.connect().await;
            let answer = client.request(method, "/a", fields, "").await;
            assert_eq!(answer.cache(), "Hit", "{fields:?}");
            assert_eq!(answer.field("age"), "7");
            if unchanged {
                is_not_modified(&answer);
            } else {
                assert_eq!(answer.status, 200, "{fields:?}");
            }
            // Nothing of a body lies on the connection.
            assert_eq!(client.get("/a").await.text(), "hello", "{fields:?}");
        }
    }
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn also_when_they_cause_the_fill() {
    let (origin, edge) = scripted([Reply::ok(FIELDS, "hello")]).await;
    let answer = edge.get_with("/a", &[("if-none-match", "\"v1\"")]).await;
    is_not_modified(&answer);
    assert_eq!(answer.cache(), "Miss");
    assert!(
        !origin.last().to_ascii_lowercase().contains("\r\nif-"),
        "the origin is asked for the whole: {}",
        origin.last()
    );
    let hit = edge.get("/a").await;
    assert_eq!(
        (hit.text().as_str(), hit.cache().as_str()),
        ("hello", "Hit")
    );
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn also_when_the_answer_is_not_kept() {
    let fields = "etag: \"v1\"\r\ncache-control: private\r\n";
    let (_origin, edge) = scripted([Reply::ok(fields, "hello")]).await;
    let mut client = edge.connect().await;
    let answer = client
        .request("GET", "/a", &[("if-none-match", "\"v1\"")], "")
        .await;
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    assert_eq!(answer.field("etag"), "\"v1\"");
}
