//! Requests that do not wait for one another's answers get them in the order they were asked in.

use crate::harness::bucket_and_edge;

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_order() {
    let objects: Vec<(String, String)> = (0..5)
        .map(|at| (format!("page-{at}"), format!("body {at}")))
        .collect();
    let objects: Vec<(&str, &str)> = objects.iter().map(|(k, b)| (&**k, &**b)).collect();
    let (bucket, edge) = bucket_and_edge(&objects).await;
    // The first is slow; nobody overtakes it.
    let hold = bucket.faults().hold("page-0");
    let mut requests = String::new();
    for at in 0..20 {
        let method = if at % 7 == 6 { "HEAD" } else { "GET" };
        requests.push_str(&format!(
            "{method} /page-{} HTTP/1.1\r\nhost: localhost\r\n\r\n",
            at % 5
        ));
    }
    let mut client = edge.connect().await;
    client.send(requests.as_bytes()).await;
    hold.waiting().await;
    hold.release();
    for at in 0..20 {
        let method = if at % 7 == 6 { "HEAD" } else { "GET" };
        let answer = client.answer(method).await;
        let expected = if method == "HEAD" {
            String::new()
        } else {
            format!("body {}", at % 5)
        };
        assert_eq!((answer.status, answer.text()), (200, expected), "{at}");
        assert_eq!(answer.cache(), if at < 5 { "Miss" } else { "Hit" }, "{at}");
    }
    // And the connection goes on.
    assert_eq!(client.get("/page-3").await.cache(), "Hit");
    assert_eq!(edge.edge.engine().metrics.connections.value(), 1);
}
