//! With Accept-Encoding in the key there is an object for each set of codings in use, not for each browser.

use super::{is, keyed, told};
use crate::harness::field;

#[tokio::test(flavor = "multi_thread")]
async fn the_coding_in_the_key_is_the_reduced_one() {
    let own =
        "[cache_policies.own]\naccept_encoding = true\n[origin_requests.none]\nfields = \"none\"";
    let lines = "cache_policy = \"own\"\norigin_request = \"none\"";
    let (origin, edge) = keyed(own, lines, &["both", "gzip", "plain", "unsaid"]).await;
    for (sent, word, body, forwarded) in [
        ("gzip, deflate, br", "Miss", "both", "gzip, br"),
        (
            "br;q=1.0, gzip;q=0.8, *;q=0",
            "Miss",
            "gzip",
            "gzip, br, identity;q=0",
        ),
        ("br, x-gzip", "Hit", "both", ""),
        ("deflate", "Miss", "plain", "identity"),
        ("", "Hit", "plain", ""),
    ] {
        let answer = edge.get_with("/", &[("accept-encoding", sent)]).await;
        assert_eq!(told(&answer), is(word, body), "{sent}");
        if word == "Miss" {
            // In the key, so forwarded, although the list has nothing.
            assert_eq!(field(&origin.last(), "accept-encoding"), forwarded);
        }
    }
    assert_eq!(told(&edge.get("/").await), is("Miss", "unsaid"));
    assert_eq!(field(&origin.last(), "accept-encoding"), "");
}
