//! `runtime`: one thread a core, or one pool for all; viewers see no difference.

use crate::harness::{EdgeOptions, TestBucket};

#[tokio::test(flavor = "multi_thread")]
async fn both_runtimes_serve() {
    for runtime in ["per-core", "work-stealing"] {
        let bucket = TestBucket::start().await;
        bucket.put("page", "here").await;
        let edge = EdgeOptions::of(&bucket)
            .edge(&format!("runtime = \"{runtime}\""))
            .start()
            .await;
        assert_eq!(edge.get("/page").await.cache(), "Miss", "{runtime}");
        let mut clients = Vec::new();
        for _ in 0..32 {
            clients.push(edge.connect().await);
        }
        for client in &mut clients {
            client.send_request("GET", "/page", &[], "").await;
        }
        for client in &mut clients {
            let answer = client.answer("GET").await;
            assert_eq!(
                (answer.text().as_str(), answer.cache().as_str()),
                ("here", "Hit"),
                "{runtime}"
            );
        }
        drop(clients);
        assert_eq!(bucket.log().gets("page"), 1, "{runtime}");
        assert!(edge.edge.shut_down().await, "{runtime}");
    }
}
