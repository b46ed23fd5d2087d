//! Viewers whose fields differ where the answer varies get answers of their own, kept side by side.

use crate::harness::{Protocol, Reply, Viewer, web};

#[tokio::test(flavor = "multi_thread")]
async fn each_viewer_gets_its_variant() {
    for protocol in Protocol::BOTH {
        let variant = |text| {
            let fields = "cache-control: max-age=60\r\nvary: Accept-Encoding\r\n";
            Reply::ok(fields, text)
        };
        let (origin, edge) = web([variant("zipped"), variant("plain")]).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        for cache in ["Miss", "Hit"] {
            for (fields, expected) in [
                (&[("accept-encoding", "gzip")][..], "zipped"),
                (&[], "plain"),
            ] {
                let answer = viewer.get_with("/a", fields).await;
                assert_eq!(
                    (answer.text().as_str(), answer.cache().as_str()),
                    (expected, cache),
                    "{protocol:?}"
                );
                assert_eq!(answer.field("vary"), "Accept-Encoding");
            }
        }
        assert_eq!(origin.count(), 2);
    }
}
