//! A head that two readers may take apart in two ways, and a length that is none, are a 502: nothing of it is
//! repaired into fields, kept, or sent on; and the connection is not used again.

use crate::harness::{Reply, ScriptedOrigin, TestEdge, scripted, web};

async fn is_a_502(origin: &ScriptedOrigin, edge: &TestEdge, what: &str) {
    let answer = edge.get("/a").await;
    assert_eq!(
        (answer.status, answer.cache().as_str()),
        (502, "Error"),
        "{what}"
    );
    assert!(
        !answer.has("x-split") && !answer.text().contains("hello"),
        "{what}"
    );
    assert_eq!(edge.edge.engine().memory.usage().objects, 0, "{what}");
    // Nothing that is left of it answers what is asked next.
    origin.forget();
    origin.then(Reply::ok("", "next"));
    let asked = origin.count();
    assert_eq!(edge.get("/b").await.text(), "next", "{what}");
    assert_eq!(origin.count() - asked, 1, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dirty_answers_are_never_split() {
    for line in [
        "x-a: b\0c",
        "x-a: b\rx-split: 1",
        "x-a: b\r\n x-split: 1",
        "x-a: b\r\n\tx-split: 1",
        " x-split: 1",
        "x-split",
        "x-split : 1",
        ": 1",
        "x split: 1",
        "x-a\0: b",
        "x-a: \u{7f}",
        "x-a: \u{8}",
        // Lengths.
        "content-length: 18446744073709551616",
        "content-length: 99999999999999999999",
        "content-length: 0x5",
        "content-length: 5 5",
        "content-length: 5,",
        "content-length: 5_",
        "content-length:",
        "content-length: 6\r\ncontent-length: 5",
        "content-length: 5, 6",
        // Codings.
        "transfer-encoding: identity",
        "transfer-encoding: chunked, chunked",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: chunked;x=1",
        "transfer-encoding: \"chunked\"",
        "transfer-encoding: \u{b}chunked",
        "transfer-encoding : chunked",
        "transfer-encoding:",
    ] {
        let mut head = "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\n".to_owned();
        let says_its_length = line.contains("content-length") || line.contains("transfer-encoding");
        if !says_its_length {
            head.push_str("content-length: 5\r\n");
        }
        let reply = || Reply::Send(format!("{head}{line}\r\n\r\nhello").into_bytes());
        let replies = || [reply(), reply(), reply()];
        let (origin, edge) = web(replies()).await;
        is_a_502(&origin, &edge, line).await;
        // Each answer was the last of its connection. (A bucket is also asked for keys that nobody has, on
        // connections of their own.)
        assert_eq!(origin.connections(), origin.count(), "{line}");
        let (origin, edge) = scripted(replies()).await;
        is_a_502(&origin, &edge, line).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_switches_no_protocol_either() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n";
    let reply = || Reply::Send(switch.as_bytes().to_vec());
    let (origin, edge) = scripted([reply(), reply(), reply()]).await;
    is_a_502(&origin, &edge, "101").await;
}
