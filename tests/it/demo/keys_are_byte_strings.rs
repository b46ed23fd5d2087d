//! A key is what its bytes say: no directory, no dots, no slashes that collapse.

use super::raw::Request;
use super::{BUCKET, edge, no, scene};

/// Keys that a file system, a browser or a careless decoder would confuse, and how SigV4 spells them.
const KEYS: &[(&str, &str)] = &[
    ("a", "a"),
    ("a/", "a/"),
    ("a/b", "a/b"),
    ("a//b", "a//b"),
    ("/a", "/a"),
    ("//", "//"),
    ("/docs/", "/docs/"),
    ("docs/", "docs/"),
    ("docs", "docs"),
    ("../x", "../x"),
    ("./x", "./x"),
    ("x", "x"),
    ("d/../x", "d/../x"),
    ("d/.", "d/."),
    ("a+b", "a%2Bb"),
    ("a b", "a%20b"),
    ("a%20b", "a%2520b"),
    ("a%2Fb", "a%252Fb"),
    ("a~b", "a~b"),
    ("a%7Eb", "a%257Eb"),
    ("100%", "100%25"),
    ("q?x=1&y", "q%3Fx%3D1%26y"),
    ("f#g", "f%23g"),
    ("!$'()*,;:@=", "%21%24%27%28%29%2A%2C%3B%3A%40%3D"),
    ("back\\slash", "back%5Cslash"),
    ("lück/海.txt", "l%C3%BCck/%E6%B5%B7.txt"),
    ("é", "%C3%A9"),
    ("e\u{301}", "e%CC%81"),
    ("UPPER", "UPPER"),
    ("upper", "upper"),
];

#[tokio::test]
async fn every_spelling_is_an_object_of_its_own() {
    let scene = scene().await;
    for (key, _) in KEYS {
        scene.put(key, format!("body of {key}")).await;
    }
    for (key, spelled) in KEYS {
        let body = format!("body of {key}").into_bytes();
        assert_eq!(
            scene.get(key).await,
            Ok(body.clone()),
            "{key} through the SDK"
        );
        let raw = Request::new("GET", &format!("/harbour/{spelled}")).by(edge());
        let answer = raw.send(scene.bucket.addr()).await;
        assert_eq!(
            (answer.status, answer.body),
            (200, body),
            "{key} on the wire"
        );
        assert_eq!(scene.bucket.log().gets(key), 2, "{key} in the log");
    }

    let listed = scene
        .publisher
        .list_objects_v2()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    let listed: Vec<&str> = listed
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    let mut expected: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);

    for (key, _) in KEYS {
        scene
            .publisher
            .delete_object()
            .bucket(BUCKET)
            .key(*key)
            .send()
            .await
            .unwrap();
        assert_eq!(
            scene.get(key).await,
            Err(no(403, "AccessDenied")),
            "{key} is gone"
        );
    }
}

#[tokio::test]
async fn the_path_is_decoded_once_before_it_is_verified() {
    let scene = scene().await;
    scene.put("a/b", "slash").await;
    scene.put("a~b", "tilde").await;
    scene.put("a+b", "plus").await;
    for (wire, signed, body) in [
        ("/harbour/a%2Fb", "/harbour/a/b", "slash"),
        ("/harbour/a%2fb", "/harbour/a/b", "slash"),
        ("/harbour/a%7Eb", "/harbour/a~b", "tilde"),
        ("/harbour/a+b", "/harbour/a%2Bb", "plus"),
    ] {
        let mut request = Request::new("GET", wire).by(edge());
        request.signed_target = Some(signed.into());
        let answer = request.send(scene.bucket.addr()).await;
        assert_eq!((answer.status, answer.body), (200, body.into()), "{wire}");
    }
}

#[tokio::test]
async fn a_key_has_at_most_1024_bytes() {
    let scene = scene().await;
    let longest = "k".repeat(1024);
    scene.put(&longest, "fits").await;
    assert_eq!(scene.get(&longest).await, Ok(b"fits".to_vec()));
    let too_long = scene.get(&"k".repeat(1025)).await;
    assert_eq!(too_long, Err(no(400, "KeyTooLongError")));
}
