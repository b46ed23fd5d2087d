//! RFC 9111 4.3.5: a HEAD that went to the origin renews the stored GET answer, or shows it outdated.

use crate::harness::{Reply, scripted};

const STORED: &str =
    "etag: \"a\"\r\nlast-modified: Wed, 01 Jul 2020 00:00:00 GMT\r\ncache-control: max-age=60\r\n";
/// Only the origin may judge it, so the HEAD is forwarded although a fresh answer is stored.
const FORWARDED: [(&str, &str); 1] = [("if-match", "\"a\"")];

/// A 200 to a HEAD of a body of `length` bytes.
fn head(length: usize, fields: &str) -> Reply {
    Reply::Send(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{fields}\r\n").into_bytes())
}

#[tokio::test]
async fn the_same_strong_tag_and_length_renew_it() {
    let (origin, edge) = scripted([
        Reply::ok(STORED, "body"),
        head(
            4,
            "etag: \"a\"\r\ncache-control: max-age=100\r\nx-new: 1\r\n",
        ),
    ])
    .await;
    edge.get("/x").await;
    edge.advance(50);
    assert_eq!(edge.request("HEAD", "/x", &FORWARDED).await.status, 200);
    edge.advance(50);
    let answer = edge.get("/x").await;
    assert_eq!(
        (answer.cache().as_str(), answer.text().as_str()),
        ("Hit", "body")
    );
    assert_eq!(answer.field("age"), "50");
    assert_eq!(answer.field("x-new"), "1");
    assert_eq!(
        answer.field("last-modified"),
        "Wed, 01 Jul 2020 00:00:00 GMT"
    );
    assert_eq!(origin.count(), 2);
}

#[tokio::test]
async fn another_tag_date_or_length_shows_it_outdated() {
    for reply in [
        head(4, "etag: \"b\"\r\n"),
        head(5, "etag: \"a\"\r\n"),
        head(
            4,
            "etag: \"a\"\r\nlast-modified: Thu, 02 Jul 2020 00:00:00 GMT\r\n",
        ),
    ] {
        let (origin, edge) = scripted([
            Reply::ok(STORED, "body"),
            reply.clone(),
            Reply::ok("", "new"),
        ])
        .await;
        edge.get("/x").await;
        edge.request("HEAD", "/x", &FORWARDED).await;
        let answer = edge.get("/x").await;
        assert_eq!(
            (answer.cache().as_str(), answer.text().as_str()),
            ("Miss", "new"),
            "{reply:?}"
        );
        assert_eq!(origin.count(), 3);
    }
}

#[tokio::test]
async fn what_proves_nothing_changes_nothing() {
    for reply in [
        head(4, "cache-control: max-age=1000\r\n"),
        head(
            4,
            "last-modified: Wed, 01 Jul 2020 00:00:00 GMT\r\ncache-control: max-age=1000\r\n",
        ),
        Reply::error(500, "InternalError"),
    ] {
        let (_origin, edge) = scripted([
            Reply::ok(STORED, "body"),
            reply.clone(),
            reply.clone(),
            reply.clone(),
            reply.clone(),
        ])
        .await;
        edge.get("/x").await;
        edge.advance(20);
        edge.request("HEAD", "/x", &FORWARDED).await;
        let answer = edge.get("/x").await;
        assert_eq!(
            (answer.cache().as_str(), answer.text().as_str()),
            ("Hit", "body"),
            "{reply:?}"
        );
        assert_eq!(answer.field("age"), "20", "{reply:?}");
        assert_eq!(answer.field("cache-control"), "max-age=60", "{reply:?}");
    }
}

#[tokio::test]
async fn a_head_that_a_purge_overtakes_renews_nothing() {
    let held = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\netag: \"a\"\r\ncache-control: max-age=1000\r\n\r\n";
    let (origin, edge) = scripted([
        Reply::ok(STORED, "body"),
        Reply::Hold(held.to_vec()),
        Reply::ok("", "new"),
    ])
    .await;
    edge.get("/x").await;
    let mut viewer = edge.connect().await;
    viewer.send_request("HEAD", "/x", &FORWARDED, "").await;
    crate::harness::until("the HEAD is on its way", || origin.count() == 2).await;
    edge.purge(&["/x"]).await;
    origin.release();
    viewer.answer("HEAD").await;
    assert_eq!(edge.get("/x").await.text(), "new");
}
