//! A head of an answer has its bounds, and so has what surrounds the bytes of a body: past them the answer is broken,
//! at once and not by a time limit, from a web server as from a bucket.

use crate::harness::{Reply, ScriptedOrigin, TestEdge, scripted, web};

async fn both(reply: &Reply) -> [(ScriptedOrigin, TestEdge); 2] {
    // What is broken may be asked for again.
    let replies = || [reply.clone(), reply.clone(), reply.clone()];
    [web(replies()).await, scripted(replies()).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_of_a_head_is_a_502() {
    let megabyte = "x".repeat(1 << 20);
    let status = "HTTP/1.1 200 OK\r\n";
    for (what, bomb) in [
        (
            "a value of a megabyte",
            format!("{status}x: {megabyte}\r\n\r\n"),
        ),
        (
            "a name of a megabyte",
            format!("{status}{megabyte}: x\r\n\r\n"),
        ),
        (
            "20 000 fields",
            format!("{status}{}\r\n", "x: y\r\n".repeat(20_000)),
        ),
        (
            "201 fields",
            format!("{status}{}\r\n", "x: y\r\n".repeat(201)),
        ),
        (
            "no end of fields",
            format!("{status}{}", "x: y\r\n".repeat(200_000)),
        ),
        ("no end of a value", format!("{status}x: {megabyte}")),
        ("no end of a reason", format!("HTTP/1.1 200 {megabyte}")),
        ("no end of empty lines", "\r\n".repeat(500_000)),
    ] {
        for (_origin, edge) in both(&Reply::SendAndStall(bomb.into_bytes())).await {
            let answer = edge.get("/a").await;
            assert_eq!(
                (answer.status, answer.cache().as_str()),
                (502, "Error"),
                "{what}"
            );
            assert!(answer.text().len() < 2_000, "{what}");
            assert_eq!(edge.edge.engine().memory.usage().objects, 0, "{what}");
        }
    }
    // As many as are allowed.
    let fields = "x: y\r\n".repeat(199);
    for (_origin, edge) in both(&Reply::ok(&fields, "hello")).await {
        assert_eq!(edge.get("/a").await.text(), "hello");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_in_a_body_breaks_it_off() {
    let head = "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ntransfer-encoding: chunked\r\n\r\n";
    let megabyte = "x".repeat(1 << 20);
    for (what, bomb) in [
        (
            "an extension",
            format!("5;{megabyte}\r\nhello\r\n0\r\n\r\n"),
        ),
        (
            "many extensions",
            "1;xxxxxxxxxxxxxxx\r\na\r\n".repeat(50_000),
        ),
        (
            "a trailer",
            format!("5\r\nhello\r\n0\r\nx: {megabyte}\r\n\r\n"),
        ),
        (
            "trailers",
            format!("5\r\nhello\r\n0\r\n{}", "x: y\r\n".repeat(200_000)),
        ),
    ] {
        let reply = Reply::SendAndStall(format!("{head}{bomb}").into_bytes());
        for (_origin, edge) in both(&reply).await {
            let mut client = edge.connect().await;
            client.send_request("GET", "/a", &[], "").await;
            // Where nothing of it was sent on yet, its answer is an error, and the connection goes on.
            let last = [("connection", "close")];
            client.send_request("GET", "/last", &last, "").await;
            let sent = String::from_utf8_lossy(&client.closed().await).into_owned();
            assert!(!sent.contains("\r\n0\r\n"), "{what}: it seems whole");
            assert_eq!(edge.edge.engine().memory.usage().objects, 0, "{what}");
        }
    }
}
