//! Cookies that are set, and answers to credentials or cookies, stay with the viewer who got them.

use crate::harness::{Reply, field, until, web_with};

fn fresh(more: &str, text: &str) -> Reply {
    Reply::ok(&format!("cache-control: max-age=60\r\n{more}"), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn set_cookie_goes_to_who_caused_the_fetch() {
    let cookies = "set-cookie: id=1\r\nset-cookie: b=2; Path=/\r\n";
    let (origin, edge) = web_with("", "", [fresh(cookies, "hello")]).await;
    let first = edge.get("/a").await;
    assert_eq!(first.field("set-cookie"), "id=1, b=2; Path=/");
    let second = edge.get("/a").await;
    assert_eq!(
        (second.cache().as_str(), second.has("set-cookie")),
        ("Hit", false)
    );
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unless_the_operator_wants_it_so() {
    let cookie = fresh("set-cookie: id=1\r\n", "hello");
    let lines = "set_cookie = \"store\"\n";
    let (origin, edge) = web_with("", lines, [cookie.clone()]).await;
    for cache in ["Miss", "Hit"] {
        let answer = edge.get("/a").await;
        assert_eq!(answer.cache(), cache);
        assert_eq!(answer.field("set-cookie"), "id=1");
    }
    assert_eq!(origin.count(), 1);

    let lines = "set_cookie = \"refuse\"\n";
    let (origin, edge) = web_with("", lines, [cookie.clone(), cookie]).await;
    for _ in 0..2 {
        let answer = edge.get("/a").await;
        assert_eq!(
            (answer.cache().as_str(), answer.field("set-cookie").as_str()),
            ("Miss", "id=1")
        );
    }
    assert_eq!(origin.count(), 2);
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_do_those_who_wait_for_the_same_fetch_get_it() {
    let held = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncache-control: max-age=60\r\n\
                set-cookie: id=1\r\n\r\nhello";
    let (origin, edge) = web_with("", "", [Reply::Hold(held.as_bytes().to_vec())]).await;
    let mut viewers = Vec::new();
    for _ in 0..5 {
        let mut viewer = edge.connect().await;
        viewer.send_request("GET", "/a", &[], "").await;
        viewers.push(viewer);
        until("the origin was asked", || origin.count() == 1).await;
    }
    until("the others have joined", || {
        edge.edge.engine().metrics.collapsed.value() == 4
    })
    .await;
    origin.release();
    let mut with = 0;
    for mut viewer in viewers {
        let answer = viewer.answer("GET").await;
        assert_eq!(answer.text(), "hello");
        with += usize::from(answer.has("set-cookie"));
    }
    assert_eq!((with, origin.count()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_entry_takes_no_cookie_either() {
    let (_origin, edge) = web_with(
        "",
        "",
        [
            fresh("etag: \"a\"\r\n", "hello"),
            Reply::not_modified("cache-control: max-age=60\r\nset-cookie: id=2\r\n"),
        ],
    )
    .await;
    edge.get("/a").await;
    edge.advance(61);
    let renewed = edge.get("/a").await;
    assert_eq!(
        (
            renewed.cache().as_str(),
            renewed.field("set-cookie").as_str()
        ),
        ("RefreshHit", "id=2")
    );
    assert!(!edge.get("/a").await.has("set-cookie"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_explicit_lifetime_it_is_not_stored() {
    let modified = "last-modified: Wed, 01 Jul 2020 00:00:00 GMT\r\nset-cookie: id=1\r\n";
    let (origin, edge) =
        web_with("", "", [Reply::ok(modified, "1"), Reply::ok(modified, "2")]).await;
    assert_eq!(edge.get("/a").await.text(), "1");
    assert_eq!(edge.get("/a").await.text(), "2");
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_credentials_is_shared_only_with_permission() {
    for (more, shared) in [
        ("max-age=60", false),
        ("max-age=60, public", true),
        ("s-maxage=60", true),
        ("max-age=60, must-revalidate", true),
    ] {
        let reply = |text| Reply::ok(&format!("cache-control: {more}\r\n"), text);
        let (origin, edge) = web_with("", "", [reply("mine"), reply("yours")]).await;
        let mine = edge
            .get_with("/a", &[("authorization", "Bearer mine")])
            .await;
        assert_eq!(mine.text(), "mine");
        let yours = edge.get("/a").await;
        let expected = if shared {
            ("mine", "Hit")
        } else {
            ("yours", "Miss")
        };
        assert_eq!(
            (yours.text().as_str(), yours.cache().as_str()),
            expected,
            "{more}"
        );
        if !shared {
            assert_eq!(field(&origin.last(), "authorization"), "");
            // The request was one viewer's affair: the next answer is stored as ever.
            assert_eq!(edge.get("/a").await.cache(), "Hit");
            // What was stored for nobody in particular answers everybody.
            let stored = edge
                .get_with("/a", &[("authorization", "Bearer mine")])
                .await;
            assert_eq!(
                (stored.text().as_str(), stored.cache().as_str()),
                ("yours", "Hit")
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_wait_with_credentials_of_their_own_ask_for_themselves() {
    let held = |text: &str| {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncache-control: max-age=60\r\n\r\n";
        Reply::Hold(format!("{head}{text}").into_bytes())
    };
    let (origin, edge) = web_with("", "", [held("a"), held("b")]).await;
    let mut one = edge.connect().await;
    one.send_request("GET", "/", &[("authorization", "Bearer one")], "")
        .await;
    until("the first is asked for", || origin.count() == 1).await;
    let mut two = edge.connect().await;
    two.send_request("GET", "/", &[("authorization", "Bearer two")], "")
        .await;
    until("the second waits", || {
        edge.edge.engine().metrics.collapsed.value() == 1
    })
    .await;
    origin.release();
    assert_eq!(one.answer("GET").await.text(), "a");
    until("the second is asked for", || origin.count() == 2).await;
    assert_eq!(field(&origin.last(), "authorization"), "Bearer two");
    origin.release();
    assert_eq!(two.answer("GET").await.text(), "b");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validation_with_credentials_changes_nothing_for_others() {
    let (origin, edge) = web_with(
        "",
        "",
        [
            fresh("etag: \"a\"\r\n", "hello"),
            Reply::not_modified("cache-control: max-age=60\r\nx-for: mine\r\n"),
            Reply::not_modified("cache-control: max-age=60\r\n"),
        ],
    )
    .await;
    edge.get("/a").await;
    edge.advance(61);
    let mine = edge
        .get_with("/a", &[("authorization", "Bearer mine")])
        .await;
    assert_eq!(
        (mine.text().as_str(), mine.field("x-for").as_str()),
        ("hello", "mine")
    );
    let yours = edge.get("/a").await;
    assert_eq!(
        (yours.text().as_str(), yours.has("x-for")),
        ("hello", false)
    );
    assert_eq!((yours.cache().as_str(), origin.count()), ("RefreshHit", 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_went_on_makes_a_guessed_lifetime_too_little() {
    let modified = "last-modified: Wed, 01 Jul 2020 00:00:00 GMT\r\n";
    let (origin, edge) = web_with(
        "",
        "origin_request = \"AllViewer\"",
        [Reply::ok(modified, "1"), Reply::ok(modified, "2")],
    )
    .await;
    assert_eq!(edge.get_with("/a", &[("cookie", "a=b")]).await.text(), "1");
    assert_eq!(field(&origin.last(), "cookie"), "a=b");
    assert_eq!(edge.get("/a").await.text(), "2");
    assert_eq!(
        edge.get_with("/a", &[("cookie", "a=b")]).await.cache(),
        "Hit"
    );
}
