//! Two spellings share an entry only if the origin is asked the same for both: over an application that is
//! byte equality, in path, query and host.

use crate::harness::{Protocol, Reply, Viewer, web, web_with};

/// Pairs that some server takes for one.
const PAIRS: &[(&str, &str)] = &[
    ("/a%2Fb", "/a/b"),
    ("/a%3Fb", "/a?b"),
    ("/a%23b", "/a"),
    ("/a%25b", "/a%b0"),
    ("/a%3Bb", "/a;b"),
    ("/a", "/%61"),
    ("/a", "/A"),
    ("/a", "/a/"),
    ("/a", "//a"),
    ("/a", "/a;v=1"),
    ("/a", "/a%20"),
    ("/a+b", "/a%20b"),
    ("/a", "/a?"),
    ("/a?x=1", "/a?x=1&"),
    ("/a?x=1", "/a?X=1"),
    ("/a?x=1&y=2", "/a?y=2&x=1"),
    ("/a?x=1", "/a?x=1&utm_source=canary"),
    ("/a?x=1", "/a?x=1;y=canary"),
    ("/a?x=1", "/a?x=1&x=canary"),
    ("/a?x=1", "/a?x=%31"),
    ("/a?x=1%26y=2", "/a?x=1&y=2"),
    ("/a?x=1", "/a?x=1%23canary"),
    ("/a?x=1", "/a?x=1?"),
    ("/a?x=1", "/a?x[]=1"),
    ("/a?x=%0a", "/a?x="),
    ("/a?callback=f", "/a?callback=canary"),
];

#[tokio::test(flavor = "multi_thread")]
async fn two_targets_are_two_objects() {
    for protocol in Protocol::BOTH {
        for (one, other) in PAIRS {
            let (origin, edge) = web([
                Reply::ok("cache-control: max-age=60\r\n", one),
                Reply::ok("cache-control: max-age=60\r\n", other),
            ])
            .await;
            let mut viewer = Viewer::connect(&edge, protocol).await;
            for cache in ["Miss", "Hit"] {
                for target in [one, other] {
                    let answer = viewer.get(target).await;
                    let found = (answer.text(), answer.cache());
                    assert_eq!(
                        found,
                        ((*target).to_owned(), cache.to_owned()),
                        "{protocol:?}"
                    );
                }
            }
            let asked: Vec<String> = origin.requests();
            for (head, target) in asked.iter().zip([one, other]) {
                assert!(
                    head.starts_with(&format!("GET {target} HTTP/1.1\r\n")),
                    "{head}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_counts_where_the_origin_sees_it() {
    let (origin, edge) = web_with("host = \"viewer\"", "", []).await;
    let hosts = ["a.test", "b.test", "a.test:81", "a.test.", "www.a.test"];
    for host in hosts {
        origin.then(Reply::ok("cache-control: max-age=60\r\n", host));
        let answer = edge.get_with("/p", &[("host", host)]).await;
        assert_eq!(
            (answer.text().as_str(), answer.cache().as_str()),
            (host, "Miss")
        );
    }
    for host in hosts {
        let answer = edge.get_with("/p", &[("host", host)]).await;
        assert_eq!(
            (answer.text().as_str(), answer.cache().as_str()),
            (host, "Hit")
        );
    }
    // One name, whatever its letters and its default port.
    let same = edge.get_with("/p", &[("host", "A.Test:80")]).await;
    assert_eq!(
        (same.text().as_str(), same.cache().as_str()),
        ("a.test", "Hit")
    );
}
