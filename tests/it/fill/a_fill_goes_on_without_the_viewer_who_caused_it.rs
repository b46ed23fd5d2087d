//! The viewer whose request caused a fill may leave: who waits for it, and who comes later, is served
//! by that same fill.

use crate::harness::{Reply, until, web};

fn held() -> Reply {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncache-control: max-age=60\r\n\r\n";
    Reply::Hold(format!("{head}hello").into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn for_those_who_wait() {
    let (origin, edge) = web([held()]).await;
    let mut leader = edge.connect().await;
    leader.send_request("GET", "/a", &[], "").await;
    until("the origin was asked", || origin.count() == 1).await;
    let mut waiter = edge.connect().await;
    waiter.send_request("GET", "/a", &[], "").await;
    let metrics = &edge.edge.engine().metrics;
    until("another waits", || metrics.collapsed.value() == 1).await;
    drop(leader);
    until("the first has left", || {
        metrics.connections_open.value() == 1
    })
    .await;
    origin.release();
    let answer = waiter.answer("GET").await;
    assert_eq!(
        (answer.text().as_str(), answer.cache().as_str()),
        ("hello", "Hit")
    );
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn and_for_those_who_come_later() {
    let (origin, edge) = web([held()]).await;
    let mut leader = edge.connect().await;
    leader.send_request("GET", "/a", &[], "").await;
    until("the origin was asked", || origin.count() == 1).await;
    drop(leader);
    let connections = &edge.edge.engine().metrics.connections_open;
    until("it has left", || connections.value() == 0).await;
    origin.release();
    edge.settled().await;
    let answer = edge.get("/a").await;
    assert_eq!(
        (answer.text().as_str(), answer.cache().as_str()),
        ("hello", "Hit")
    );
    assert_eq!(origin.count(), 1);
}
