//! 8. The key, and which of the answers under it a request gets.

use seawall::policy::key::Key;

use super::words::answers;
use super::{Row, hold};

/// Whether two targets of one distribution are one object.
fn keys(one: (&str, Option<&str>), other: (&str, Option<&str>)) -> String {
    let key = |(path, query)| Key::of_target("E1", None, path, query);
    same(&key(one), &key(other))
}

fn hosts(one: Option<&str>, other: Option<&str>) -> String {
    let key = |host| Key::of_target("E1", host, "/a", None);
    same(&key(one), &key(other))
}

fn same(one: &Key, other: &Key) -> String {
    assert_eq!(one.hash() == other.hash(), one.text() == other.text());
    if one == other { "one" } else { "two" }.to_owned()
}

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("8 key", "RFC 9111 2", || keys(("/a", Some("b=1&c=2")), ("/a", Some("b=1&c=2"))), "one"),
    ("8 key", "RFC 9111 2", || keys(("/a", Some("b=1&c=2")), ("/a", Some("c=2&b=1"))), "two"),
    ("8 key", "RFC 9111 2", || keys(("/a", Some("b=1")), ("/a", Some("b=2"))), "two"),
    ("8 key", "RFC 9111 2", || keys(("/a", None), ("/a", Some(""))), "two"),
    ("8 key", "RFC 9111 2", || keys(("/a", None), ("/A", None)), "two"),
    ("8 key", "policy", || keys(("/a", None), ("/%61", None)), "two"),
    ("8 key", "policy", || keys(("/%2f", None), ("/%2F", None)), "two"),
    ("8 key", "policy", || hosts(None, None), "one"),
    ("8 key", "RFC 9111 2", || hosts(Some("a.test"), Some("b.test")), "two"),
    ("8 key", "RFC 9111 2", || hosts(Some("a.test"), Some("a.test:81")), "two"),
    ("8 key", "policy", || same(&Key::of_target("E1", None, "/a", None), &Key::of_target("E2", None, "/a", None)), "two"),
    ("8 match", "RFC 9111 4.1", || answers("vary: x", "x: 1", "x: 1"), "yes"),
    ("8 match", "RFC 9111 4.1", || answers("vary: x", "x: 1", "x: 2"), "no"),
    ("8 match", "RFC 9111 4.1", || answers("vary: X", "x: 1\ny: 1", "x: 1\ny: 2"), "yes"),
    ("8 match", "RFC 9110 12.5.5", || answers("vary: x\nvary: , y,", "x: 1\ny: 1", "x: 1\ny: 2"), "no"),
    ("8 match", "RFC 9111 4.1", || answers("vary: x", "", ""), "yes"),
    ("8 match", "RFC 9111 4.1", || answers("vary: x", "x:", ""), "no"),
    ("8 match", "RFC 9111 4.1", || answers("vary: x", "", "x:"), "no"),
    ("8 match", "RFC 9111 4.1", || answers("vary: x", "x: a ,b", "x: a,  b"), "yes"),
    ("8 match", "RFC 9111 4.1", || answers("vary: x", "x: a, b", "x: a\nx: b"), "yes"),
    ("8 match", "RFC 9111 4.1", || answers("vary: x", "x: a, b", "x: b, a"), "no"),
    ("8 match", "RFC 9111 4.1", || answers("vary: x", "x: a", "x: A"), "no"),
    ("8 match", "RFC 9111 4.1", || answers("vary: x", "x: \"a, b\"", "x: \"a,b\""), "no"),
    ("8 match", "RFC 9110 12.5.3", || answers("vary: accept-encoding", "accept-encoding: gzip, br", "accept-encoding: BR,GZIP;q=1.0"), "yes"),
    ("8 match", "RFC 9110 12.5.3", || answers("vary: accept-encoding", "accept-encoding: gzip, br", "accept-encoding: gzip, br;q=0.9"), "no"),
    ("8 match", "RFC 9110 12.5.4", || answers("vary: accept-language", "accept-language: de-DE, en;q=0.5", "accept-language: en;q=0.50,de-de"), "yes"),
    ("8 match", "RFC 9110 12.5.1", || answers("vary: accept", "accept: a/b, c/d", "accept: c/d, a/b"), "no"),
    ("8 match", "RFC 6265 5.4", || answers("vary: cookie", "cookie: a=1, 2", "cookie: a=1,2"), "no"),
    ("8 each by its own", "RFC 9111 4.1", || answers("", "x: 1", "x: 2\ny: 3"), "yes"),
    ("8 each by its own", "RFC 9111 4.1", || answers("vary:", "x: 1", "x: 2"), "yes"),
    ("8 each by its own", "RFC 9111 4.1", || answers("vary: x, *", "x: 1", "x: 1"), "nobody else"),
    ("8 each by its own", "RFC 9110 5.1", || answers("vary: x y", "x: 1", "x: 1"), "nobody else"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}
