//! The body of a POST goes on as it comes, its answer comes back meanwhile, and what was stored of its
//! target is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{EdgeOptions, Protocol, Viewer};

/// Answers a GET with how many of them there were, and a chunked POST with its own body, chunk by chunk.
async fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let gets = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&gets)));
        }
    });
    url
}

async fn serve(mut stream: TcpStream, gets: Arc<AtomicUsize>) {
    let mut seen = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut seen).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head: Vec<u8> = seen.drain(..end).collect();
        if head.starts_with(b"GET ") {
            let number = gets.fetch_add(1, Ordering::SeqCst);
            let page = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncache-control: max-age=60\r\n\r\n{number}"
            );
            stream.write_all(page.as_bytes()).await.unwrap();
            continue;
        }
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head).await.unwrap();
        // The request is chunked too, so its body is a body of the answer as it stands.
        loop {
            stream.write_all(&seen).await.unwrap();
            if seen.ends_with(b"0\r\n\r\n") {
                break;
            }
            seen.clear();
            if stream.read_buf(&mut seen).await.unwrap_or(0) == 0 {
                return;
            }
        }
        seen.clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsafe_method_streams_and_invalidates() {
    for protocol in Protocol::BOTH {
        let edge = EdgeOptions::web(&echo().await)
            .distribution("methods = \"standard\"\n")
            .start()
            .await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        for cache in ["Miss", "Hit"] {
            let page = viewer.get("/a").await;
            assert_eq!((page.text().as_str(), page.cache().as_str()), ("0", cache));
        }
        let mut posting = viewer.post("/a").await;
        posting.send("one").await;
        let head = posting.head().await;
        assert_eq!((head.status, head.cache().as_str()), (200, "Miss"));
        posting.until("one").await;
        for word in ["two", "three"] {
            posting.send(word).await;
            posting.until(word).await;
        }
        posting.end().await;
        posting.ended().await;
        for cache in ["Miss", "Hit"] {
            let page = viewer.get("/a").await;
            assert_eq!(
                (page.text().as_str(), page.cache().as_str()),
                ("1", cache),
                "{protocol:?}"
            );
        }
    }
}
