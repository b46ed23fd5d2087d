//! 200 viewers want one cold object at once: the origin is asked once, all get the same bytes.

use crate::harness::{bucket_and_edge, until};

#[tokio::test(flavor = "multi_thread")]
async fn many_misses_cost_one_origin_request() {
    const VIEWERS: usize = 200;
    let body = "the same for all ".repeat(10_000);
    let (bucket, edge) = bucket_and_edge(&[("cold", &body)]).await;
    let hold = bucket.faults().hold("cold");
    let mut clients = Vec::new();
    for _ in 0..VIEWERS {
        let mut client = edge.connect().await;
        client.send_request("GET", "/cold", &[], "").await;
        clients.push(client);
    }
    hold.waiting().await;
    let metrics = &edge.edge.engine().metrics;
    until("all but the first have joined", || {
        metrics.collapsed.value() == VIEWERS as u64 - 1
    })
    .await;
    hold.release();

    let mut words = std::collections::BTreeMap::new();
    for client in &mut clients {
        let answer = client.answer("GET").await;
        assert_eq!(answer.status, 200);
        assert!(answer.text() == body, "another body");
        let collapsed = answer.field("cache-status").contains("; collapsed");
        assert_eq!(
            answer.has("age"),
            collapsed,
            "every follower but the first carries Age"
        );
        *words.entry((answer.cache(), collapsed)).or_insert(0) += 1;
    }
    let expected = [
        (("Hit".to_owned(), true), VIEWERS - 1),
        (("Miss".to_owned(), false), 1),
    ];
    assert_eq!(words.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(bucket.log().gets("cold"), 1);
}
