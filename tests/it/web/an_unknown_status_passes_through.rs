//! Statuses that nobody has defined are the origin's affair: they pass through, and are kept only with
//! an explicit lifetime (RFC 9110 section 15, RFC 9111 section 3).

use crate::harness::{Reply, web};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_status_passes_through() {
    for status in [200, 299, 399, 499, 599, 600, 999] {
        for (lifetime, kept) in [("", false), ("cache-control: max-age=60\r\n", true)] {
            let fields = format!("{lifetime}x-odd: 1\r\n");
            let (origin, edge) = web([
                Reply::status(status, &fields, "odd"),
                Reply::status(status, &fields, "odd"),
            ])
            .await;
            for _ in 0..2 {
                let answer = edge.get("/a").await;
                assert_eq!((answer.status, answer.text().as_str()), (status, "odd"));
                assert_eq!(answer.field("x-odd"), "1", "{status}");
            }
            assert_eq!(
                origin.count(),
                if kept { 1 } else { 2 },
                "{status} {lifetime}"
            );
        }
    }
}
