//! However a key is spelled in a path, it is that key, and equal spellings are one object.

use crate::harness::bucket_and_edge;

#[tokio::test(flavor = "multi_thread")]
async fn each_spelling_reaches_its_object() {
    let groups = [
        ("a b", &["/a%20b"][..]),
        ("a+b", &["/a+b", "/a%2Bb", "/a%2bb"]),
        ("a//b", &["/a//b", "/a%2F/b", "/a/%2fb"]),
        ("a/b", &["/a/b", "/a%2Fb", "/%61/b"]),
        ("a", &["/a", "/%61"]),
        ("A", &["/A", "/%41"]),
        ("~x", &["/~x", "/%7Ex", "/%7ex"]),
        (
            "h\u{e9}llo/\u{65e5}\u{672c}",
            &[
                "/h%C3%A9llo/%E6%97%A5%E6%9C%AC",
                "/h%c3%a9llo/%e6%97%a5%e6%9c%ac",
            ],
        ),
        ("100%", &["/100%25"]),
        ("100%25", &["/100%2525"]),
        ("q?x=1", &["/q%3Fx=1", "/q%3fx%3D1"]),
        ("(it's) a@b:c,d;e=f&g!$*", &["/(it's)%20a@b:c,d;e=f&g!$*"]),
    ];
    let objects: Vec<_> = groups.iter().map(|(key, _)| (*key, *key)).collect();
    let (bucket, edge) = bucket_and_edge(&objects).await;
    for (key, spellings) in groups {
        for (turn, path) in spellings.iter().enumerate() {
            let answer = edge.get(path).await;
            let cache = if turn == 0 { "Miss" } else { "Hit" };
            assert_eq!(
                (
                    answer.status,
                    answer.text().as_str(),
                    answer.cache().as_str()
                ),
                (200, key, cache),
                "{path}"
            );
        }
        assert_eq!(bucket.log().gets(key), 1, "{key}");
    }
    let usage = edge.edge.engine().memory.usage();
    assert_eq!(usage.objects, groups.len() as u64);
}
