//! What a viewer asks for is what the origin is asked for, and the key is made of the same bytes.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::harness::{Reply, web};

fn target(head: &str) -> String {
    head.split(' ').nth(1).unwrap().to_owned()
}

const ODD: &[&str] = &[
    "/",
    "//",
    "/a//b/",
    "/a%2Fb",
    "/a%2fb",
    "/a+b",
    "/a%20b",
    "/a;v=1",
    "/..;/a",
    "/%61",
    "/a%3Fb%23",
    "/~a/%7Ea",
    "/a:@!$&'()*,=",
    "/%E9",
    "/a?",
    "/a?x=1&x=2;y",
    "/a?x=%31",
    "/a?x=%0A%00",
    "/a??/../b",
    "/a?url=http://b.test/%2F",
];

#[tokio::test(flavor = "multi_thread")]
async fn odd_targets_are_not_changed() {
    let replies = ODD
        .iter()
        .map(|target| Reply::ok("cache-control: max-age=60\r\n", target));
    let (origin, edge) = web(replies).await;
    let mut client = edge.connect().await;
    for (at, odd) in ODD.iter().enumerate() {
        let answer = client.get(odd).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, *odd));
        assert_eq!(origin.count(), at + 1, "{odd} is no other target");
        assert_eq!(target(&origin.last()), *odd);
    }
    for odd in ODD {
        let answer = client.get(odd).await;
        assert_eq!(
            (answer.text().as_str(), answer.cache().as_str()),
            (*odd, "Hit")
        );
    }
    assert_eq!(origin.count(), ODD.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_let_through_is_not_changed() {
    let any = "/[a-z0-9/%;+~=:@,._!$&'()*-]{0,24}(\\?[a-z0-9/%;+~=:@,._!$&'()*?{}|\\\\-]{0,16})?";
    let strategy = proptest::string::string_regex(any).unwrap();
    let mut runner = TestRunner::default();
    let (origin, edge) = web([]).await;
    let mut client = edge.connect().await;
    let mut sent = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let wanted = strategy.new_tree(&mut runner).unwrap().current();
        if !sent.insert(wanted.clone()) {
            continue;
        }
        origin.then(Reply::ok("cache-control: no-store\r\n", ""));
        let before = origin.count();
        let answer = client.get(&wanted).await;
        if answer.status == 400 {
            // What is refused is not forwarded in any form.
            assert_eq!(origin.count(), before, "{wanted}");
            origin.take();
        } else {
            assert_eq!(answer.status, 200, "{wanted}");
            assert_eq!(target(&origin.last()), wanted);
        }
    }
    assert!(
        origin.count() > 50,
        "{} targets got through",
        origin.count()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_route_forwards_is_refused() {
    let (origin, edge) = web([]).await;
    for odd in [
        "/../a",
        "/a/%2e%2e/b",
        "/a%2f..",
        "/a\\b",
        "/a%5Cb",
        "/%00",
        "/%0a",
        "/%7f",
        "/a%",
        "/a%zz",
    ] {
        assert_eq!(edge.get(odd).await.status, 400, "{odd}");
    }
    assert_eq!(origin.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_object_stands_for_the_root_only_where_it_is_written() {
    let (origin, edge) = crate::harness::web_with(
        "",
        "root_object = \"start page\"",
        [Reply::ok("", ""), Reply::ok("", "")],
    )
    .await;
    edge.get("/?a=b").await;
    assert_eq!(target(&origin.last()), "/start%20page?a=b");
    edge.get("/b/").await;
    assert_eq!(target(&origin.last()), "/b/");
}
