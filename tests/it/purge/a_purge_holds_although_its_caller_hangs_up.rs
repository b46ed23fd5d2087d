//! What is written down is applied, also if nobody waits for the answer.

use crate::harness::{Client, TOKEN, bucket_and_edge, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_holds_although_its_caller_hangs_up() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "page")]).await;
    let bearer = format!("Bearer {TOKEN}");
    let fields = [("authorization", bearer.as_str())];
    for round in 1..=20 {
        edge.get("/page").await;
        let mut caller = Client::connect(edge.edge.admin_address()).await;
        caller
            .send_request(
                "POST",
                "/v1/invalidations",
                &fields,
                r#"{"paths": ["/page"]}"#,
            )
            .await;
        drop(caller);
        // The call may not even have been read; if it was written down, it holds.
        until("nothing is written down that does not hold", || {
            let listed = edge.data.path().join("journal");
            let written = std::fs::read_to_string(listed).unwrap().lines().count() as u64 - 1;
            edge.edge.engine().ledger.position().seq == written
        })
        .await;
        assert!(edge.edge.engine().ledger.position().seq <= round);
    }
}
