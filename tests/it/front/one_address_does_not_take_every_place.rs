//! `max_connections_per_address`: the next connection of one address is closed at once and counted, and
//! everybody else still gets in; proxies that are trusted are not counted.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

use crate::harness::{Client, EdgeOptions, TestBucket, TestEdge, until};

async fn start(lines: &str) -> (TestBucket, TestEdge) {
    let bucket = TestBucket::start().await;
    bucket.put("page", "here").await;
    let lines = format!("max_connections_per_address = 3\n{lines}");
    let edge = EdgeOptions::of(&bucket).edge(&lines).start().await;
    (bucket, edge)
}

/// A connection from another address of this machine.
async fn from(address: &str, edge: &TestEdge) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind(SocketAddr::new(address.parse().unwrap(), 0))
        .unwrap();
    Client::over(socket.connect(edge.viewer()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_does_not_take_every_place() {
    let (_bucket, edge) = start("").await;
    let metrics = &edge.edge.engine().metrics;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut client = from("127.0.0.2", &edge).await;
        assert_eq!(client.get("/page").await.text(), "here");
        open.push(client);
    }
    for refused in 1..=3 {
        let mut client = from("127.0.0.2", &edge).await;
        assert_eq!(client.closed().await, b"");
        assert_eq!(metrics.connections_refused_by_address.value(), refused);
    }
    assert_eq!(
        from("127.0.0.3", &edge).await.get("/page").await.text(),
        "here"
    );
    // Those that are in stay in, and one that leaves makes room.
    assert_eq!(open[0].get("/page").await.text(), "here");
    open.pop();
    until("its place is free", || {
        metrics.connections_open.value() == 2
    })
    .await;
    assert_eq!(
        from("127.0.0.2", &edge).await.get("/page").await.text(),
        "here"
    );
    assert_eq!(metrics.connections_refused.value(), 0);
    let name = "seawall_connections_refused_by_address_total";
    assert_eq!(edge.metric(name).await, 3.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_trusted_is_many() {
    let (_bucket, edge) = start("trusted_proxies = [\"127.0.0.2/31\"]").await;
    let mut open = Vec::new();
    for _ in 0..8 {
        let mut client = from("127.0.0.2", &edge).await;
        assert_eq!(client.get("/page").await.text(), "here");
        open.push(client);
    }
    for _ in 0..3 {
        let mut client = from("127.0.0.4", &edge).await;
        assert_eq!(client.get("/page").await.text(), "here");
        open.push(client);
    }
    assert_eq!(from("127.0.0.4", &edge).await.closed().await, b"");
}
