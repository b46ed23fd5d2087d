//! A request that died before the first byte of an answer is sent to the store again: for nothing if a
//! kept connection had closed, else within the origin's budget, and three times at the most.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, scripted};

const RETRIES: &str = "seawall_origin_retries_total{origin=\"site\"}";
const REFUSED: &str = "seawall_origin_retries_refused_total{origin=\"site\"}";

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_dies_is_replaced_without_charge() {
    // Each answer looks as if the connection stayed; the next request dies on it.
    let replies = (0..12).flat_map(|_| [Reply::ok("", "hello"), Reply::SendAndClose(vec![])]);
    let (origin, edge) = scripted(replies).await;
    for number in 0..12 {
        let answer = edge.get(&format!("/{number}")).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "hello"),
            "{number}"
        );
    }
    // All within one second of the edge's clock: the budget allows three.
    assert_eq!(edge.metric(RETRIES).await, 11.0);
    assert_eq!(edge.metric(REFUSED).await, 0.0);
    assert_eq!(origin.count(), 23);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_always_closes_is_spared_once_the_budget_is_used_up() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::new(&origin.url()).start().await;
    // The question that the edge asks by itself has been answered.
    edge.ready().await;
    assert_eq!(edge.get("/0").await.status, 502);
    // Its connection may have served the first one: a try for nothing.
    assert!((2..=3).contains(&origin.count()), "{}", origin.count());
    for (number, tries) in [(1, 2), (2, 2), (3, 1), (4, 1)] {
        let before = origin.count();
        assert_eq!(edge.get(&format!("/{number}")).await.status, 502);
        assert_eq!(origin.count() - before, tries, "{number}");
    }
    assert!(edge.metric(REFUSED).await >= 2.0);
    // A second later there is a budget again.
    edge.advance(1);
    let before = origin.count();
    edge.get("/5").await;
    assert_eq!(origin.count() - before, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_breaks_off_in_words_is_not_asked_for_again() {
    let (origin, edge) = scripted([
        Reply::SendAndClose(b"no HTTP at all\r\n\r\n".to_vec()),
        Reply::ok("", "hello"),
    ])
    .await;
    assert_eq!(edge.get("/a").await.status, 502);
    assert_eq!(origin.count(), 1);
}
