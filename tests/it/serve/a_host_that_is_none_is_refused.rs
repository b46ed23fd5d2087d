//! A request without exactly one host is a 400, whatever the default distribution would take.

use super::assert_refused;
use crate::harness::bucket_and_edge;

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_none_is_refused() {
    let (bucket, edge) = bucket_and_edge(&[]).await;
    let rows = [
        "",
        "host: localhost\r\nhost: localhost\r\n",
        "host: localhost\r\nHost: other.example\r\n",
        "host:\r\n",
        "host: a@b\r\n",
        "host: x/y\r\n",
        "host: a, b\r\n",
        "host: localhost:99999\r\n",
        "host: localhost:http\r\n",
        "host: localhost:+80\r\n",
        "host: [::1\r\n",
        "host: caf\u{e9}.example\r\n",
    ];
    for hosts in rows {
        let mut client = edge.connect().await;
        let head = format!("GET /page HTTP/1.1\r\n{hosts}\r\n");
        client.send(head.as_bytes()).await;
        assert_refused(hosts, &client.answer("GET").await, 400, &bucket);
    }

    bucket.put("page", "here").await;
    for host in ["LocalHost", "localhost:", "127.0.0.1:80", "[::1]:65535"] {
        let answer = edge.get_with("/page", &[("host", host)]).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "here"),
            "{host}"
        );
    }
}
