//! One connection serves requests one after the other; one that has died costs no viewer an error, and
//! what may have changed something is never sent twice.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, web, web_with};

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_serves_one_after_the_other() {
    let (origin, edge) = web((0..10).map(|_| Reply::ok("", "hello"))).await;
    for number in 0..10 {
        assert_eq!(edge.get(&format!("/{number}")).await.text(), "hello");
    }
    assert_eq!((origin.count(), origin.connections()), (10, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_dies_is_replaced_without_charge() {
    // Each answer looks as if the connection stayed; the next request dies on it.
    let close = || {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        [
            Reply::Send(head.as_bytes().to_vec()),
            Reply::SendAndClose(vec![]),
        ]
    };
    let (origin, edge) = web((0..12).flat_map(|_| close())).await;
    for number in 0..12 {
        let answer = edge.get(&format!("/{number}")).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "hello"),
            "{number}"
        );
    }
    // All within one second of the edge's clock: the budget allows three.
    assert_eq!(
        edge.metric("seawall_origin_retries_total{origin=\"site\"}")
            .await,
        11.0
    );
    assert_eq!(
        edge.metric("seawall_origin_retries_refused_total{origin=\"site\"}")
            .await,
        0.0
    );
    assert_eq!(origin.count(), 23);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_always_closes_gets_two_tries_until_the_budget_is_used_up() {
    let (origin, edge) = web([]).await;
    for (number, tries) in [(0, 2), (1, 2), (2, 2), (3, 1), (4, 1)] {
        let before = origin.count();
        assert_eq!(edge.get(&format!("/{number}")).await.status, 502);
        assert_eq!(origin.count() - before, tries, "{number}");
    }
    assert_eq!(
        edge.metric("seawall_origin_retries_total{origin=\"site\"}")
            .await,
        3.0
    );
    let refused = "seawall_origin_retries_refused_total{origin=\"site\"}";
    assert!(edge.metric(refused).await >= 2.0);
    // A second later there is a budget again.
    edge.advance(1);
    let before = origin.count();
    edge.get("/5").await;
    assert_eq!(origin.count() - before, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_changed_something_is_sent_once() {
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for body in ["", "body"] {
            let (origin, edge) = web_with("", "methods = \"standard\"", []).await;
            let mut client = edge.connect().await;
            assert_eq!(client.request(method, "/a", &[], body).await.status, 502);
            assert_eq!(origin.count(), 1, "{method} {body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_has_begun_is_not_asked_for_again() {
    let begun = Reply::SendAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello".to_vec());
    let origin = ScriptedOrigin::start([begun]).await;
    let edge = EdgeOptions::web(&origin.url()).start().await;
    let mut client = edge.connect().await;
    client.send_request("GET", "/a", &[], "").await;
    // The viewer sees it break off as well.
    let seen = String::from_utf8_lossy(&client.closed().await).into_owned();
    assert!(!seen.contains("\r\n\r\nhello\r\n"), "{seen}");
    assert_eq!(origin.count(), 1);
}
