//! HEAD has the head of GET and no body: from the cache, or from the origin without storing.

use http::Method;

use crate::harness::bucket_and_edge;

#[tokio::test(flavor = "multi_thread")]
async fn from_the_cache() {
    let (bucket, edge) = bucket_and_edge(&[("a.txt", "hello")]).await;
    edge.get("/a.txt").await;
    edge.advance(5);
    let hit = edge.get("/a.txt").await;
    let mut client = edge.connect().await;
    let head = client.request("HEAD", "/a.txt", &[], "").await;
    assert_eq!((head.status, head.cache().as_str()), (200, "Hit"));
    for name in ["content-length", "content-type", "etag", "age", "date"] {
        assert!(head.has(name), "{name}");
        assert_eq!(head.field(name), hit.field(name), "{name}");
    }
    // No body lies on the connection: the next answer is read from its beginning.
    assert_eq!(client.get("/a.txt").await.text(), "hello");
    assert_eq!(bucket.log().count(&Method::HEAD, "a.txt"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_origin() {
    let (bucket, edge) = bucket_and_edge(&[("a.txt", "hello")]).await;
    for times in 1..=2 {
        let mut client = edge.connect().await;
        let head = client.request("HEAD", "/a.txt", &[], "").await;
        assert_eq!((head.status, head.cache().as_str()), (200, "Miss"));
        assert_eq!(head.field("content-length"), "5");
        assert!(head.has("etag") && head.has("content-type"));
        assert_eq!(bucket.log().count(&Method::HEAD, "a.txt"), times);
        assert_eq!(bucket.log().gets("a.txt"), 0);
        assert_eq!(edge.edge.engine().memory.usage().objects, 0, "not stored");
        if times == 2 {
            let miss = client.get("/a.txt").await;
            assert_eq!(
                (miss.text().as_str(), miss.cache().as_str()),
                ("hello", "Miss")
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_object_that_is_missing() {
    let (_bucket, edge) = bucket_and_edge(&[("index.html", "home")]).await;
    edge.get("/").await;
    let mut client = edge.connect().await;
    let head = client.request("HEAD", "/nope", &[], "").await;
    assert_eq!((head.status, head.cache().as_str()), (404, "Error"));
    assert_eq!(client.get("/").await.text(), "home");
    assert_eq!(client.request("HEAD", "/nope", &[], "").await.status, 404);
    assert_eq!(client.get("/").await.text(), "home");
}
