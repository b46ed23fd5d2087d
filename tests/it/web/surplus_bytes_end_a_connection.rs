//! Bytes that no request asked for end their connection, whenever they come, from a web server as from a bucket: they
//! are never the answer to what is asked next (RFC 9112 section 9.3).

use crate::harness::{Reply, ScriptedOrigin, TestEdge, scripted, until, web, web_with};

const POISON: &str = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";
const WHOLE: &str =
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\netag: \"a\"\r\ncache-control: no-cache\r\n\r\nhello";
const SAME: &str = "HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n\r\n";

fn send(text: &str) -> Reply {
    Reply::Send(text.as_bytes().to_vec())
}

/// Asks for something else, and finds nothing of what came before it.
async fn next_is_clean(origin: &ScriptedOrigin, edge: &TestEdge, connections: usize, what: &str) {
    let next = edge.get("/next").await;
    assert_eq!((next.status, next.text().as_str()), (200, "next"), "{what}");
    assert!(!next.has("x-poison"), "{what}");
    assert_eq!(origin.connections(), connections, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn later_when_the_connection_waits_for_work() {
    for (method, head) in [
        ("GET", "200 OK\r\ncontent-length: 5\r\n\r\nhello"),
        (
            "GET",
            "200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ),
        ("GET", "204 No Content\r\n\r\n"),
        ("HEAD", "200 OK\r\ncontent-length: 5\r\n\r\n"),
        ("POST", "200 OK\r\ncontent-length: 0\r\n\r\n"),
    ] {
        for surplus in [POISON, "\r\n\r\n", "x"] {
            let answer = format!("HTTP/1.1 {head}").into_bytes();
            let first = Reply::Surplus(answer, surplus.as_bytes().to_vec());
            let replies = [first, Reply::ok("", "next")];
            let (origin, edge) = web_with("", "methods = \"standard\"", replies).await;
            let what = format!("{method} {head} {surplus:?}");
            assert!(edge.request(method, "/a", &[]).await.status < 300, "{what}");
            origin.release();
            until(&what, || origin.discarded() == 1).await;
            next_is_clean(&origin, &edge, 2, &what).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_304_at_once_and_later() {
    for at_once in [true, false] {
        let surplus = match at_once {
            true => send(&format!("{SAME}{POISON}")),
            false => Reply::Surplus(SAME.as_bytes().to_vec(), POISON.as_bytes().to_vec()),
        };
        let (origin, edge) = web([send(WHOLE), surplus, Reply::ok("", "next")]).await;
        assert_eq!(edge.get("/a").await.text(), "hello");
        let confirmed = edge.get("/a").await;
        assert_eq!(confirmed.cache(), "RefreshHit", "{confirmed:?}");
        assert_eq!(confirmed.text(), "hello");
        if !at_once {
            origin.release();
            until("the connection is discarded", || origin.discarded() == 1).await;
        }
        next_is_clean(&origin, &edge, 2, "304").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn and_behind_the_answers_of_a_bucket() {
    for (method, first) in [
        ("GET", WHOLE),
        ("HEAD", WHOLE.strip_suffix("hello").unwrap()),
    ] {
        for at_once in [true, false] {
            let reply = match at_once {
                true => send(&format!("{first}{POISON}")),
                false => Reply::Surplus(first.as_bytes().to_vec(), POISON.as_bytes().to_vec()),
            };
            let (origin, edge) = scripted([reply, Reply::ok("", "next")]).await;
            // A bucket is asked for a key that nobody has; not now, on the connection that is looked at.
            edge.ready().await;
            let what = format!("{method}, at once: {at_once}");
            let answer = edge.request(method, "/a", &[]).await;
            assert!(
                answer.status < 300 && !answer.text().contains("poison"),
                "{what}"
            );
            if !at_once {
                origin.release();
                until(&what, || origin.discarded() == 1).await;
            }
            let next = edge.get("/next").await;
            assert_eq!((next.status, next.text().as_str()), (200, "next"), "{what}");
        }
    }
}
