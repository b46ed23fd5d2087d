//! What came as a part is passed on as a part and not kept, and what came whole instead of a part is
//! not kept either: a viewer's range must not make the edge take more than it asks for.

use crate::harness::{Reply, scripted};

fn part(range: &str, body: &str) -> Reply {
    let fields = format!("etag: \"v1\"\r\ncache-control: max-age=60\r\ncontent-range: {range}\r\n");
    Reply::status(206, &fields, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_halves_of_one_version_are_no_whole() {
    let (origin, edge) = scripted([
        part("bytes 0-4/10", "01234"),
        part("bytes 5-9/10", "56789"),
        part("bytes 1-2/10", "12"),
        Reply::ok("etag: \"v1\"\r\n", "0123456789"),
    ])
    .await;
    for (range, body) in [
        ("bytes=0-4", "01234"),
        ("bytes=5-9", "56789"),
        // It lies within the first.
        ("bytes=1-2", "12"),
    ] {
        let answer = edge.get_with("/a", &[("range", range)]).await;
        assert_eq!((answer.status, answer.text().as_str()), (206, body));
        assert_eq!(edge.edge.engine().memory.usage().objects, 0);
    }
    let whole = edge.get("/a").await;
    assert_eq!((whole.status, whole.cache().as_str()), (200, "Miss"));
    assert_eq!((whole.text().as_str(), origin.count()), ("0123456789", 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_whole_for_a_part_is_not_kept() {
    let whole = Reply::ok(
        "etag: \"v1\"\r\ncache-control: max-age=60\r\n",
        "0123456789",
    );
    let (origin, edge) = scripted([whole.clone(), whole]).await;
    let answer = edge.get_with("/a", &[("range", "bytes=2-5")]).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "0123456789"));
    edge.settled().await;
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
    assert_eq!(edge.get("/a").await.cache(), "Miss");
    assert_eq!(origin.count(), 2);
}
