//! `override` decides whose word about sharing counts: on a miss, a hit, a passed answer and after a 304.

use super::{APP, EVIL, page, sharing, with_policy};
use crate::harness::Reply;

const THEIRS: &str = "etag: \"1\"\r\naccess-control-allow-origin: https://theirs.test\r\n\
                      access-control-allow-methods: BREW\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_the_origin_says_of_sharing_stays_or_goes() {
    for (word, expected) in [
        (
            "true",
            &["allow-origin: https://app.test", "expose-headers: x-b"][..],
        ),
        (
            "false",
            &[
                "allow-methods: BREW",
                "allow-origin: https://theirs.test",
                "expose-headers: x-b",
            ],
        ),
    ] {
        let lines = format!(
            "cors = {{ origins = [\"https://app.test\"], expose = [\"X-B\"], override = {word} }}"
        );
        let (origin, edge) = with_policy(&lines, [page(THEIRS)]).await;
        for cache in ["Miss", "Hit"] {
            let answer = edge.get_with("/a", &[APP]).await;
            assert_eq!(
                (answer.cache().as_str(), sharing(&answer)),
                (cache, to_owned(expected))
            );
        }
        edge.advance(61);
        origin.then(Reply::not_modified(&format!(
            "cache-control: max-age=60\r\n{THEIRS}"
        )));
        for cache in ["RefreshHit", "Hit"] {
            let answer = edge.get_with("/a", &[APP]).await;
            assert_eq!(
                (answer.cache().as_str(), sharing(&answer)),
                (cache, to_owned(expected))
            );
        }
        // A browser would put what a 304 says in the place of what it has.
        let condition = ("if-none-match", "\"1\"");
        let unchanged = edge.get_with("/a", &[APP, condition]).await;
        assert_eq!(unchanged.status, 304);
        let told = unchanged.field("access-control-allow-origin");
        assert!(
            expected.contains(&&*format!("allow-origin: {told}")),
            "{told}"
        );

        origin.then(Reply::ok(
            &format!("cache-control: no-store\r\n{THEIRS}"),
            "live",
        ));
        assert_eq!(sharing(&edge.get_with("/b", &[APP]).await), expected);
        origin.then(Reply::ok(THEIRS, ""));
        assert_eq!(sharing(&edge.request("HEAD", "/c", &[APP]).await), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_not_listed_gets_nothing_from_the_edge_either_way() {
    for (word, expected) in [("true", ""), ("false", "https://theirs.test")] {
        let lines = format!(
            "cors = {{ origins = [\"https://app.test\"], credentials = true, override = {word} }}"
        );
        let (_origin, edge) = with_policy(&lines, [page(THEIRS)]).await;
        let answer = edge.get_with("/a", &[EVIL]).await;
        assert_eq!(answer.field("access-control-allow-origin"), expected);
        assert!(!answer.has("access-control-allow-credentials"));
        assert_eq!(answer.field("vary"), "Origin");
    }
}

fn to_owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}
