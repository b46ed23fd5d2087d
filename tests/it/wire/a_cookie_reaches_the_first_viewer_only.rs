//! Who caused the answer gets its Set-Cookie; it is kept without.

use crate::harness::{Protocol, Reply, Viewer, web};

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_reaches_the_first_viewer_only() {
    for protocol in Protocol::BOTH {
        let fields = "cache-control: max-age=60\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n";
        let (origin, edge) = web([Reply::ok(fields, "hello")]).await;
        for (cache, cookies) in [("Miss", &["a=1", "b=2"][..]), ("Hit", &[])] {
            let mut viewer = Viewer::connect(&edge, protocol).await;
            let answer = viewer.get("/a").await;
            assert_eq!(
                (answer.text().as_str(), answer.cache().as_str()),
                ("hello", cache),
                "{protocol:?}"
            );
            let lines = answer
                .fields
                .iter()
                .filter(|(name, _)| name == "set-cookie");
            let lines: Vec<_> = lines.map(|(_, value)| value.as_str()).collect();
            assert_eq!(lines, cookies, "{protocol:?}");
        }
        assert_eq!(origin.count(), 1);
    }
}
