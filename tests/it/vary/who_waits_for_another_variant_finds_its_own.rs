//! Before anything is known about a key, all wait for the first answer. Those whom it does not fit
//! then wait for their own variant, and every variant costs one origin request.

use super::{forwarding, varying};
use crate::harness::{Client, Reply, TestEdge, until};

const EACH: usize = 10;

fn held(body: &str) -> Reply {
    match varying("x-a", "", body) {
        Reply::Send(bytes) => Reply::Hold(bytes),
        other => other,
    }
}

async fn ask(edge: &TestEdge, n: &str) -> Client {
    let mut client = edge.connect().await;
    let fields = [("host", "web.test"), ("x-a", n)];
    client.send_request("GET", "/a", &fields, "").await;
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn every_variant_costs_one_origin_request() {
    let (origin, edge) = forwarding(
        "AllViewerExceptHostHeader",
        vec![held("body 1"), held("body 2")],
    )
    .await;
    let collapsed = || edge.edge.engine().metrics.collapsed.value();
    let mut clients = vec![("body 1", ask(&edge, "1").await)];
    until("the origin has the first request", || origin.count() == 1).await;
    for _ in 1..EACH {
        clients.push(("body 1", ask(&edge, "1").await));
    }
    for _ in 0..EACH {
        clients.push(("body 2", ask(&edge, "2").await));
    }
    let waiting = 2 * EACH as u64 - 1;
    until("all wait for the first answer", || collapsed() == waiting).await;
    origin.release();
    until("the origin has the second request", || origin.count() == 2).await;
    let regrouped = waiting + EACH as u64 - 1;
    until("the others wait for that one", || collapsed() == regrouped).await;
    origin.release();
    for (body, client) in &mut clients {
        assert_eq!(client.answer("GET").await.text(), *body);
    }
    assert_eq!(origin.count(), 2);
}
