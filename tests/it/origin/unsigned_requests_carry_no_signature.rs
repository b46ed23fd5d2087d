//! With `signing = "never"` nothing about an identity leaves the edge; else everything is signed.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin};

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_requests_carry_no_signature() {
    for (signing, signed) in [("never", false), ("always", true)] {
        let origin = ScriptedOrigin::start([Reply::ok("", "hello"), Reply::ok("", "hello")]).await;
        let edge = EdgeOptions::new(&origin.url())
            .origin(&format!("signing = \"{signing}\"\n"))
            .start()
            .await;
        assert_eq!(edge.get("/a").await.text(), "hello");
        assert_eq!(edge.request("HEAD", "/b", &[]).await.status, 200);
        for head in origin.requests() {
            let head = head.to_ascii_lowercase();
            for name in ["\r\nauthorization: ", "\r\nx-amz-"] {
                assert_eq!(head.contains(name), signed, "{signing}: {head}");
            }
        }
        assert_eq!(origin.count(), 2);
    }
}
