//! The edge neither packs nor unpacks nor rewrites: with `no-transform` (RFC 9111 section 5.2.2.6) and
//! without it the origin's bytes, and what it says of them, arrive as they are.

use crate::harness::{Reply, web};

/// Bytes that nothing could unpack.
const BODY: &str = "\u{1f}\u{8b}, it says";

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_never_changed() {
    for more in ["", ", no-transform"] {
        let (_origin, edge) = web([Reply::ok(
            &format!(
                "cache-control: max-age=60{more}\r\ncontent-encoding: gzip\r\ncontent-type: text/html\r\n\
                 etag: \"strong\"\r\naccept-ranges: bytes\r\n"
            ),
            BODY,
        )])
        .await;
        // Neither who takes nothing encoded nor who takes everything gets other bytes.
        for (codings, cache) in [("identity", "Miss"), ("gzip, br", "Hit"), ("br", "Hit")] {
            let answer = edge.get_with("/a", &[("accept-encoding", codings)]).await;
            assert_eq!((answer.text().as_str(), &*answer.cache()), (BODY, cache));
            for (name, value) in [
                ("content-encoding", "gzip"),
                ("etag", "\"strong\""),
                ("accept-ranges", "bytes"),
                ("content-type", "text/html"),
                ("vary", ""),
            ] {
                assert_eq!(answer.field(name), value, "{name}");
            }
        }
    }
}
