//! The body of a request goes on as it comes, and the answer comes back while it does.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{Client, EdgeOptions, Reply, bounded, field, until, web_with};

const STANDARD: &str = "methods = \"standard\"\norigin_request = \"AllViewerExceptHostHeader\"";

#[tokio::test(flavor = "multi_thread")]
async fn a_body_keeps_its_length_and_what_describes_it() {
    let (origin, edge) = web_with(
        "",
        "methods = \"standard\"",
        [Reply::status(201, "", "made")],
    )
    .await;
    let mut client = edge.connect().await;
    let fields = [("content-type", "text/plain"), ("content-language", "de")];
    let answer = client.request("POST", "/a?b", &fields, "hello").await;
    assert_eq!((answer.status, answer.text().as_str()), (201, "made"));
    assert_eq!(answer.cache(), "Miss");
    assert!(
        answer.field("cache-status").contains("fwd=method"),
        "{answer:?}"
    );
    let head = origin.last();
    assert!(head.starts_with("POST /a?b HTTP/1.1\r\n"), "{head}");
    assert_eq!(field(&head, "content-length"), "5");
    assert_eq!(field(&head, "content-type"), "text/plain");
    assert_eq!(field(&head, "content-language"), "de");
    assert_eq!(origin.bodies(), [b"hello"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_unknown_length_is_chunked_and_its_trailers_stay_behind() {
    let (origin, edge) =
        web_with("", STANDARD, [Reply::ok("", "done"), Reply::ok("", "next")]).await;
    let mut client = edge.connect().await;
    client
        .send(
            b"PUT /a HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\
              expect: 100-continue\r\ntrailer: x-admin\r\n\r\n",
        )
        .await;
    assert_eq!(client.head().await.status, 100, "Expect is answered here");
    client
        .send(b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-admin: yes\r\n\r\n")
        .await;
    assert_eq!(client.answer("PUT").await.text(), "done");
    let head = origin.last();
    assert_eq!(field(&head, "transfer-encoding"), "chunked");
    for name in ["content-length", "expect", "trailer", "x-admin"] {
        assert_eq!(field(&head, name), "", "{head}");
    }
    assert_eq!(origin.bodies(), [b"hello world"]);
    assert_eq!(
        client.get("/b").await.text(),
        "next",
        "the connection goes on"
    );
}

/// Sends back every chunk as soon as it has come, behind a head that it sends at once.
async fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.windows(4).any(|window| window == b"\r\n\r\n") {
            stream.read_buf(&mut seen).await.unwrap();
        }
        let end = seen
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap()
            + 4;
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head).await.unwrap();
        // The request is chunked too, so its body is a body of the answer as it stands.
        stream.write_all(&seen[end..]).await.unwrap();
        let mut buffer = vec![0; 16 * 1_024];
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => stream.write_all(&buffer[..count]).await.unwrap(),
            }
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_comes_back_while_the_body_is_sent() {
    let url = echo().await;
    let edge = EdgeOptions::web(&url).distribution(STANDARD).start().await;
    let mut client = edge.connect().await;
    client
        .send(b"POST /a HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        .await;
    assert_eq!(client.head().await.status, 200);
    let mut echoed = String::new();
    for word in ["one", "two", "three"] {
        if word != "one" {
            client
                .send(format!("{:x}\r\n{word}\r\n", word.len()).as_bytes())
                .await;
        }
        bounded("the echo", async {
            while !echoed.contains(word) {
                echoed.push_str(&String::from_utf8_lossy(&client.some().await));
            }
        })
        .await;
    }
    client.send(b"0\r\n\r\n").await;
    bounded("the end", async {
        while !echoed.ends_with("0\r\n\r\n") {
            echoed.push_str(&String::from_utf8_lossy(&client.some().await));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_larger_than_any_buffer_goes_through() {
    const SIZE: usize = 8 * 1_024 * 1_024;
    let (origin, edge) = web_with("", STANDARD, [Reply::ok("", "done")]).await;
    let body = "0123456789abcdef".repeat(SIZE / 16);
    let answer = edge.connect().await.request("POST", "/a", &[], &body).await;
    assert_eq!(answer.text(), "done");
    assert!(
        origin.bodies()[0] == body.as_bytes(),
        "the body was changed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_stalls_is_cut() {
    let (origin, edge) = web_with("", STANDARD, [Reply::ok("", "done")]).await;
    let mut client = edge.connect().await;
    client
        .send(b"POST /a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhello")
        .await;
    until("the origin is being asked", || origin.connections() == 1).await;
    let answer = edge
        .advance_until("the viewer is cut", 1, client.answer("POST"))
        .await;
    assert_eq!(answer.status, 408, "{}", answer.text());
    client.closed().await;
    assert_eq!(origin.count(), 0, "no whole request ever reached it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_has_no_end_at_the_origin_either() {
    for head in [
        "content-length: 10\r\n\r\nhello",
        "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let (origin, edge) = web_with("", STANDARD, [Reply::ok("", "done")]).await;
        let mut client: Client = edge.connect().await;
        client
            .send(format!("POST /a HTTP/1.1\r\nhost: localhost\r\n{head}").as_bytes())
            .await;
        until("the origin is being asked", || origin.connections() == 1).await;
        drop(client);
        // Its connection ends too; a whole request would have been counted before that.
        assert_eq!(edge.get("/b").await.status, 200);
        assert!(origin.last().starts_with("GET /b "), "{head}");
    }
}
