//! Hundreds of viewers that send a byte now and then (slowloris, RUDY) hold nobody up: a plain viewer is
//! answered each second, and who dribbles is gone when its time is over.

use crate::harness::{Client, TestEdge, bucket_and_edge, until};

/// Of each kind.
const DRIBBLERS: usize = 50;

/// What a dribbler begins with, and what it sends each second.
const KINDS: &[(&str, &str)] = &[
    // A request line that does not end.
    ("G", "E"),
    // A head that does not end.
    ("GET /page HTTP/1.1\r\nhost: localhost\r\n", "x: 1\r\n"),
    // A preface that does not end.
    ("PRI * HTTP/2.0\r\n", ""),
    // A body of a GET that does not end.
    (
        "GET /page HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n",
        "a",
    ),
    (
        "GET /page HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n",
        "1\r\na\r\n",
    ),
    // A connection that says nothing.
    ("", ""),
];

async fn dribblers(edge: &TestEdge) -> Vec<(Client, &'static str)> {
    let mut clients = Vec::new();
    for (first, more) in KINDS {
        for _ in 0..DRIBBLERS {
            let mut client = edge.connect().await;
            client.send(first.as_bytes()).await;
            clients.push((client, *more));
        }
    }
    clients
}

#[tokio::test(flavor = "multi_thread")]
async fn dribbling_viewers_leave_room_for_others() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    edge.get("/page").await;
    let metrics = &edge.edge.engine().metrics;
    let mut dribbling = dribblers(&edge).await;
    let all = u64::try_from(KINDS.len() * DRIBBLERS).unwrap();
    until("all are in", || metrics.connections_open.value() >= all).await;

    let mut kept = edge.connect().await;
    let mut answered = 0;
    for second in 0..10 {
        for (client, more) in &mut dribbling {
            client.try_send(more.as_bytes()).await;
        }
        assert_eq!(kept.get("/page").await.cache(), "Hit");
        assert_eq!(edge.get("/page").await.cache(), "Hit");
        answered += 2;
        if second < 9 {
            let open = metrics.connections_open.value();
            assert!(open > all, "only {open} are there after {second} seconds");
        }
        edge.advance(1);
    }
    assert_eq!(answered, 20);
    // Those whose protocol was told later have begun later; as much again is the most.
    let gone = async {
        until("who dribbles is gone", || {
            metrics.connections_open.value() == 0
        })
        .await;
    };
    edge.advance_until("the end of all", 1, gone).await;
    assert_eq!(edge.get("/page").await.cache(), "Hit");
}
