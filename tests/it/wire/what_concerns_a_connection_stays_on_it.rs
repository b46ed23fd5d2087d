//! What an origin says about its connection, and its trailers, do not reach the viewer; over HTTP/2 no
//! such field may occur at all (RFC 9113 section 8.2.2).

use crate::harness::{Protocol, Reply, Viewer, web};

/// Those of RFC 9113 section 8.2.2, what `Connection` named, and trailers.
const GONE: [&str; 9] = [
    "keep-alive",
    "proxy-connection",
    "te",
    "upgrade",
    "proxy-authenticate",
    "x-hop",
    "x-other-hop",
    "trailer",
    "x-end",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_a_connection_stays_on_it() {
    for protocol in Protocol::BOTH {
        for (cache_control, next) in [("max-age=60", "Hit"), ("no-store", "Miss")] {
            let head = format!(
                "HTTP/1.1 200 OK\r\nconnection: x-hop, keep-alive\r\nconnection: X-Other-Hop\r\n\
                 x-hop: 1\r\nx-other-hop: 2\r\nkeep-alive: timeout=5\r\nproxy-connection: close\r\n\
                 te: trailers\r\nupgrade: h2c\r\nproxy-authenticate: Basic\r\ntrailer: x-end\r\n\
                 cache-control: {cache_control}\r\nx-kept: 1\r\ntransfer-encoding: chunked\r\n\r\n\
                 5\r\nhello\r\n0\r\nx-end: 1\r\nset-cookie: a=1\r\n\r\n"
            );
            let replies = (0..2).map(|_| Reply::Send(head.clone().into_bytes()));
            let (_origin, edge) = web(replies).await;
            let mut viewer = Viewer::connect(&edge, protocol).await;
            for cache in ["Miss", next] {
                let answer = viewer.get("/a").await;
                assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
                assert_eq!(answer.cache(), cache, "{protocol:?}");
                assert!(answer.complete);
                for name in GONE.iter().chain(&["set-cookie"]) {
                    assert!(!answer.has(name), "{protocol:?} {name}: {answer:?}");
                }
                if protocol == Protocol::Http2 {
                    for name in ["connection", "transfer-encoding"] {
                        assert!(!answer.has(name), "{name}: {answer:?}");
                    }
                }
                assert_eq!(answer.field("x-kept"), "1");
            }
        }
    }
}
