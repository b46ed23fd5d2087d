//! A target over 8 192 bytes is a 414, a head over 32 KiB or 100 fields a 431; at the limit each is served.

use super::assert_refused;
use crate::harness::bucket_and_edge;

const TARGET: usize = 8_192;

#[tokio::test(flavor = "multi_thread")]
async fn a_target_over_8_192_bytes_is_a_414() {
    let (bucket, edge) = bucket_and_edge(&[]).await;
    let query = "/page?".len();
    let over = format!("/page?{}", "q".repeat(TARGET + 1 - query));
    for target in [format!("/{}", "a".repeat(TARGET)), over.clone()] {
        assert_refused("over", &edge.get(&target).await, 414, &bucket);
    }
    let answer = edge.get(&over).await;
    assert!(answer.text().contains("8192"), "{}", answer.text());

    bucket.put("page", "here").await;
    let answer = edge.get(&over[..TARGET]).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_over_32_kib_is_a_431() {
    let (bucket, edge) = bucket_and_edge(&[]).await;
    // As it is counted: target, names, values, and four bytes a line.
    let others = "/page".len() + "host".len() + "localhost".len() + 4 + "x-long".len() + 4;
    let value = "v".repeat(32 * 1024 + 1 - others);
    let over = edge.get_with("/page", &[("x-long", &value)]).await;
    assert_refused("over", &over, 431, &bucket);

    let halves = value.split_at(value.len() / 2);
    let two = [("x-long", halves.0), ("x-more", halves.1)];
    let over = edge.get_with("/page", &two).await;
    assert_refused("over in two fields", &over, 431, &bucket);

    bucket.put("page", "here").await;
    let at = edge.get_with("/page", &[("x-long", &value[1..])]).await;
    assert_eq!((at.status, at.text().as_str()), (200, "here"));
}

/// A head that does not even fit the connection's buffer, and too many fields, are refused while
/// they are read.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_not_read_to_its_end_is_a_431_and_the_end() {
    let (bucket, edge) = bucket_and_edge(&[]).await;
    let fields = |count: usize| {
        let fields = "x-one: 1\r\n".repeat(count - 1);
        format!("GET /page HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n")
    };
    let buffer = format!(
        "GET /page HTTP/1.1\r\nhost: localhost\r\nx-long: {}",
        "v".repeat(80 * 1024)
    );
    for (what, head) in [("buffer", buffer), ("fields", fields(101))] {
        let mut client = edge.connect().await;
        client.send(head.as_bytes()).await;
        assert_refused(what, &client.answer("GET").await, 431, &bucket);
        assert_eq!(client.closed().await, b"", "{what}");
    }

    bucket.put("page", "here").await;
    let mut client = edge.connect().await;
    client.send(fields(100).as_bytes()).await;
    assert_eq!(client.answer("GET").await.text(), "here");
}
