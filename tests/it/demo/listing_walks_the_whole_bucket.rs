//! ListObjectsV2 over the wire; its laws are tested beside the code.

use super::raw::Request;
use super::{BUCKET, no, publisher, refusal, scene};

#[tokio::test]
async fn pages_groups_and_sizes() {
    let scene = scene().await;
    for key in ["a", "b/1", "b/2", "c/1", "d"] {
        scene.put(key, key.repeat(3)).await;
    }
    let mut seen = Vec::new();
    let mut token = None;
    let mut pages = 0;
    loop {
        let list = scene
            .publisher
            .list_objects_v2()
            .bucket(BUCKET)
            .delimiter("/")
            .max_keys(2);
        let page = list.set_continuation_token(token).send().await.unwrap();
        seen.extend(
            page.contents()
                .iter()
                .map(|object| format!("{} {}", object.key().unwrap(), object.size().unwrap())),
        );
        seen.extend(
            page.common_prefixes()
                .iter()
                .map(|group| group.prefix().unwrap().to_owned()),
        );
        pages += 1;
        token = page.next_continuation_token().map(str::to_owned);
        assert_eq!(page.is_truncated(), Some(token.is_some()));
        assert!(page.key_count().unwrap() <= 2);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a 3", "b/", "d 3", "c/"]);
    assert_eq!(pages, 2);

    let after = scene
        .publisher
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("b/")
        .start_after("b/1");
    let after = after.send().await.unwrap();
    let keys: Vec<_> = after
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    assert_eq!(keys, ["b/2"]);
}

#[tokio::test]
async fn keys_are_url_encoded_on_request() {
    let scene = scene().await;
    scene.put("a b/ü+", "x").await;
    let list =
        Request::new("GET", "/harbour?list-type=2&encoding-type=url&prefix=a%20b").by(publisher());
    let text = String::from_utf8(list.send(scene.bucket.addr()).await.body).unwrap();
    assert!(text.contains("<Key>a%20b/%C3%BC%2B</Key>"), "{text}");
    assert!(text.contains("<Prefix>a%20b</Prefix>"), "{text}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let scene = scene().await;
    let list = || scene.publisher.list_objects_v2().bucket(BUCKET);
    let token = list().continuation_token("made up").send().await;
    assert_eq!(refusal(token.unwrap_err()), no(400, "InvalidArgument"));
    let count = list().max_keys(-1).send().await;
    assert_eq!(refusal(count.unwrap_err()), no(400, "InvalidArgument"));
}
