//! A Range that the edge would ignore on a copy is not left to the store to guess at: it is taken
//! out, and the answer is the whole. One range of bytes goes to the store as it came.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin};

#[tokio::test(flavor = "multi_thread")]
async fn a_range_to_be_ignored_is_not_asked_for() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::new(&origin.url()).start().await;
    for (method, range, forwarded) in [
        ("GET", "lines=1-2", false),
        ("GET", "bytes=9-1", false),
        ("GET", "bytes=0-1,5-6", false),
        ("HEAD", "bytes=0-1", false),
        ("GET", "bytes=0-1", true),
    ] {
        origin.then(if forwarded {
            Reply::Send(
                b"HTTP/1.1 206 P\r\netag: \"one\"\r\ncontent-range: bytes 0-1/10\r\ncontent-length: 2\r\n\r\n01"
                    .to_vec(),
            )
        } else if method == "HEAD" {
            Reply::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n".to_vec())
        } else {
            Reply::ok("cache-control: private\r\n", "0123456789")
        });
        let fields = [("range", range), ("if-range", "\"one\"")];
        let answer = edge.request(method, "/a", &fields).await;
        let expected = if forwarded { 206 } else { 200 };
        assert_eq!(answer.status, expected, "{method} {range}");
        let asked = origin.requests().pop().unwrap().to_ascii_lowercase();
        for field in ["\r\nrange:", "\r\nif-range:"] {
            assert_eq!(
                asked.contains(field),
                forwarded,
                "{method} {range}: {asked}"
            );
        }
    }
}
