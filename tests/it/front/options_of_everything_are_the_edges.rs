//! `OPTIONS *` asks about the server and not about anything on it: the edge says what it lets through, and
//! asks nobody. With any other method `*` is no target.

use crate::harness::frames::{End, Frames};
use crate::harness::{Protocol, Reply, Viewer, web_with};

#[tokio::test(flavor = "multi_thread")]
async fn options_of_everything_are_the_edges() {
    for (methods, status) in [
        ("\"standard\"", 204),
        ("\"any\"", 204),
        ("[\"GET\", \"HEAD\"]", 405),
    ] {
        let (origin, edge) = web_with("", &format!("methods = {methods}"), []).await;
        for body in ["", "body"] {
            let mut client = edge.connect().await;
            let answer = client.request("OPTIONS", "*", &[], body).await;
            assert_eq!(answer.status, status, "{methods}");
            let allow = answer.field("allow");
            assert!(allow.starts_with("GET, HEAD"), "{allow}");
            assert_eq!(allow.contains("OPTIONS"), status == 204, "{allow}");
            assert_eq!(answer.field("via"), "1.1 edge-1");
        }
        let mut frames = Frames::connect(edge.viewer()).await;
        frames
            .ask(
                1,
                &[
                    (":method", "OPTIONS"),
                    (":scheme", "http"),
                    (":authority", "localhost"),
                    (":path", "*"),
                ],
            )
            .await;
        assert_eq!(frames.end(1).await, End::Answer(status));
        for method in ["GET", "HEAD", "POST", "DELETE", "X-ODD"] {
            let mut client = edge.connect().await;
            let answer = client.request(method, "*", &[], "").await;
            assert_eq!(answer.status, 400, "{method}");
        }
        assert_eq!(origin.count(), 0);
    }
}

/// Of a path they are the origin's.
#[tokio::test(flavor = "multi_thread")]
async fn options_of_a_path_are_the_origins() {
    for protocol in Protocol::BOTH {
        let replies = [Reply::status(204, "allow: GET, X-ODD\r\n", "")];
        let (origin, edge) = web_with("", "methods = \"standard\"", replies).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        let answer = viewer.request("OPTIONS", "/a", &[], "").await;
        assert_eq!(
            (answer.status, answer.field("allow").as_str()),
            (204, "GET, X-ODD")
        );
        assert!(origin.last().starts_with("OPTIONS /a HTTP/1.1\r\n"));
    }
}
