//! 2. How long is it fresh, and by which field?

use super::words::{NOW, cloudfront, date, lives, lives_by, map, rfc, state, stores};
use super::{Row, hold};

/// A Date, and an Expires a minute later.
const A_MINUTE: &str =
    "date: Wed, 01 Jul 2026 00:00:00 GMT\nexpires: Wed, 01 Jul 2026 00:01:00 GMT\n";

/// What a CDN-Cache-Control beside `Cache-Control: max-age=60` and an Expires in an hour makes.
fn beside(targeted: &str) -> String {
    let expires = "expires: Wed, 01 Jul 2026 01:00:00 GMT";
    let lines: Vec<_> = targeted
        .split('|')
        .map(|line| format!("cdn-cache-control: {line}\n"))
        .collect();
    lives(&format!(
        "{}cache-control: max-age=60\n{expires}",
        lines.concat()
    ))
}

/// A `max-age` with this argument, beside an Expires in a minute.
fn max_age(argument: &str) -> String {
    lives(&format!("{A_MINUTE}cache-control: max-age{argument}"))
}

fn expires(value: &str) -> String {
    lives(&format!(
        "date: Wed, 01 Jul 2026 00:00:00 GMT\nlast-modified: Mon, 01 Jun 2020 00:00:00 GMT\nexpires: {value}"
    ))
}

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    // Which field rules.
    ("2.1", "RFC 9213 2.2", || beside("max-age=7"), "7 max-age"),
    ("2.1", "RFC 9213 2.2", || beside("s-maxage=9, max-age=7"), "9 s-maxage"),
    ("2.1", "RFC 9213 2.2", || beside(""), "60 max-age"),
    ("2.1", "RFC 9213 2.2", || beside("max-age=7,"), "60 max-age"),
    ("2.1", "RFC 9213 2.2", || beside("max-age=7, &"), "60 max-age"),
    ("2.1", "RFC 9213 2.2", || beside("Max-Age=7"), "60 max-age"),
    ("2.1", "RFC 9213 2.2", || beside("max-age =7"), "60 max-age"),
    ("2.1", "RFC 9213 2.2", || beside("max-age=7 no-cache"), "60 max-age"),
    ("2.1", "RFC 9213 2.2", || beside("private=\"a"), "60 max-age"),
    ("2.1", "RFC 9651 3.3.1", || beside("max-age=1000000000000000"), "60 max-age"),
    ("2.1", "RFC 9213 2.1", || beside("max-age=999999999999999"), "2147483648 max-age"),
    ("2.1", "RFC 9213 2.1", || beside("max-age=\"7\""), "0 none"),
    ("2.1", "RFC 9213 2.1", || beside("max-age=7.5"), "0 none"),
    ("2.1", "RFC 9213 2.1", || beside("max-age=-7"), "0 none"),
    ("2.1", "RFC 9213 2.1", || beside("max-age"), "0 none"),
    ("2.1", "RFC 9213 2.1", || beside("max-age=(7 8)"), "0 none"),
    ("2.1", "RFC 9213 2.2", || beside("none"), "0 none"),
    ("2.1", "RFC 9213 2.2", || beside("max-age=7;x=\"a, no-cache\";y"), "7 max-age"),
    ("2.1", "RFC 9651 4.2.2", || beside("max-age=7, max-age=9"), "9 max-age"),
    ("2.1", "RFC 9651 4.2.2", || beside("max-age=7|max-age=9"), "9 max-age"),
    ("2.1", "RFC 9651 4.2.2", || beside("max-age=7, max-age=x"), "0 none"),
    ("2.1", "RFC 9651 4.2.2", || beside("no-cache, no-cache=?0, max-age=7"), "7 max-age"),
    ("2.1", "RFC 9213 2.2", || beside("no-cache, max-age=7"), "7 max-age, validate"),
    ("2.1", "RFC 9213 2.2", || { stores(200, "cdn-cache-control: max-age=7\ncache-control: no-store, private") }, "stored"),
    ("2.1", "RFC 9213 2.2", || { stores(200, "cdn-cache-control: no-store\ncache-control: max-age=60") }, "no-store"),
    ("2.1", "RFC 9213 2.2", || stores(200, "cdn-cache-control: private\ncache-control: max-age=60"), "private"),
    ("2.1", "RFC 9213 3", || { lives("surrogate-control: max-age=7\nakamai-cache-control: max-age=8\ncache-control: max-age=60") }, "60 max-age"),
    // Which lifetime.
    ("2.2", "RFC 9111 4.2.1", || lives("cache-control: max-age=5, s-maxage=9\nexpires: 0"), "9 s-maxage"),
    ("2.2", "RFC 9111 5.2.2.10", || lives("cache-control: s-maxage=0, max-age=60"), "0 s-maxage"),
    ("2.2", "RFC 9111 5.3", || lives("cache-control: max-age=5\nexpires: 0"), "5 max-age"),
    ("2.2", "RFC 9111 5.3", || lives(&format!("{A_MINUTE}cache-control: max-age=5")), "5 max-age"),
    ("2.2", "RFC 9111 5.3", || lives(A_MINUTE), "60 expires"),
    ("2.2", "RFC 9111 4.2.2", || { lives("date: Wed, 01 Jul 2026 00:00:00 GMT\nlast-modified: Tue, 30 Jun 2026 23:50:00 GMT") }, "60 heuristic"),
    ("2.2", "RFC 9111 4.2", || lives(""), "0 none"),
    ("2.2", "RFC 9111 4.2", || state("cache-control: max-age=60", 59), "fresh"),
    ("2.2", "RFC 9111 4.2", || state("cache-control: max-age=60", 60), "stale"),
    ("2.2", "RFC 9111 5.2.2.4", || state("cache-control: max-age=60, no-cache", 0), "stale"),
    ("2.2", "policy", || lives_by(200, "", &cloudfront()), "86400 default"),
    ("2.2", "policy", || lives_by(404, "", &cloudfront()), "10 negative"),
    ("2.2", "policy", || lives_by(404, "cache-control: max-age=5", &cloudfront()), "5 max-age"),
    // How Cache-Control is read.
    ("2.3", "RFC 9111 5.2", || max_age("=5"), "5 max-age"),
    ("2.3", "RFC 9111 5.2", || max_age("=\"5\""), "5 max-age"),
    ("2.3", "RFC 9111 5.2", || lives("cache-control: MaX-aGe=5"), "5 max-age"),
    ("2.3", "RFC 9111 1.2.2", || max_age("=005"), "5 max-age"),
    ("2.3", "RFC 9111 1.2.2", || max_age("=2147483648"), "2147483648 max-age"),
    ("2.3", "RFC 9111 1.2.2", || max_age("=4294967297"), "2147483648 max-age"),
    ("2.3", "RFC 9111 1.2.2", || max_age("=99999999999999999999999"), "2147483648 max-age"),
    ("2.3", "RFC 9111 4.2.1", || max_age(""), "0 none"),
    ("2.3", "RFC 9111 4.2.1", || max_age("="), "0 none"),
    ("2.3", "RFC 9111 4.2.1", || max_age("=-5"), "0 none"),
    ("2.3", "RFC 9111 4.2.1", || max_age("=+5"), "0 none"),
    ("2.3", "RFC 9111 4.2.1", || max_age("=5.0"), "0 none"),
    ("2.3", "RFC 9111 4.2.1", || max_age("=5s"), "0 none"),
    ("2.3", "RFC 9111 4.2.1", || max_age("='5'"), "0 none"),
    ("2.3", "RFC 9111 4.2.1", || max_age(" =5"), "0 none"),
    ("2.3", "RFC 9111 4.2.1", || max_age("= 5"), "0 none"),
    ("2.3", "RFC 9111 4.2.1", || max_age("=5, s-maxage=x"), "0 none"),
    ("2.3", "RFC 9111 4.2.1", || max_age("=9, max-age=5"), "5 max-age"),
    ("2.3", "RFC 9111 4.2.1", || max_age("=9, max-age=x"), "0 none"),
    ("2.3", "RFC 9111 5.2", || lives("cache-control: x=\"a, max-age=9\"\ncache-control: max-age=5"), "5 max-age"),
    ("2.3", "RFC 9110 5.6.4", || lives("cache-control: x=\"\\\", no-cache\", max-age=5"), "5 max-age"),
    ("2.3", "RFC 9111 5.2.3", || lives("cache-control: max-age=5, foo, bar=1, immutable"), "5 max-age"),
    ("2.3", "RFC 9111 4.2.1", || stores(200, "cache-control: public, max-age=60, private, no-store"), "no-store"),
    ("2.3", "RFC 9111 5.4", || lives("pragma: no-cache\ncache-control: max-age=5"), "5 max-age"),
    ("2.3", "RFC 9111 5.4", || lives(&format!("{A_MINUTE}pragma: no-cache")), "60 expires"),
    // Dates.
    ("2.4", "RFC 9110 5.6.7", || date("Wed, 01 Jul 2026 00:01:00 GMT"), "60"),
    ("2.4", "RFC 9110 5.6.7", || date("Wednesday, 01-Jul-26 00:01:00 GMT"), "60"),
    ("2.4", "RFC 9110 5.6.7", || date("Wed Jul  1 00:01:00 2026"), "60"),
    ("2.4", "RFC 9110 5.6.7", || date("wEd, 01 jUL 2026 00:01:00 gmt"), "60"),
    ("2.4", "RFC 9110 5.6.7", || date("Mon, 01 Jul 2026 00:01:00 GMT"), "60"),
    ("2.4", "RFC 9110 5.6.7", || date("Friday, 01-Jul-77 00:00:00 GMT"), "-1546300800"),
    ("2.4", "RFC 9110 5.6.7", || date("Tue, 19 Jan 2038 03:14:08 GMT"), "364619648"),
    ("2.4", "RFC 9110 5.6.7", || date("Sun, 07 Feb 2106 06:28:16 GMT"), "2512103296"),
    ("2.4", "RFC 9110 5.6.7", || date("Wed, 01 Jul 2026 00:01:00 UTC"), "no date"),
    ("2.4", "RFC 9110 5.6.7", || date("Wed, 01 Jul 2026 00:01:00 +0000"), "no date"),
    ("2.4", "RFC 9110 5.6.7", || date("Wed 01 Jul 2026 00:01:00 GMT"), "no date"),
    ("2.4", "RFC 9110 5.6.7", || date("Wed,  01 Jul 2026 00:01:00 GMT"), "no date"),
    ("2.4", "RFC 9110 5.6.7", || date("Wed, 01-Jul-2026 00:01:00 GMT"), "no date"),
    ("2.4", "RFC 9110 5.6.7", || date("Wed, 01 Jul 26 00:01:00 GMT"), "no date"),
    ("2.4", "RFC 9110 5.6.7", || date("Wed, 01 Jul 2026 0:01:00 GMT"), "no date"),
    ("2.4", "RFC 9110 5.6.7", || date("Wed, 01 Jul 2026 00.01.00 GMT"), "no date"),
    ("2.4", "RFC 9110 5.6.7", || date("Wed, 31 Jun 2026 00:01:00 GMT"), "no date"),
    ("2.4", "RFC 9111 5.3", || expires("0"), "0 expires"),
    ("2.4", "RFC 9111 5.3", || expires("never"), "0 expires"),
    ("2.4", "RFC 9111 4.2.1", || expires("Wed, 01 Jul 2026 00:01:00 GMT\nexpires: Wed, 01 Jul 2026 00:02:00 GMT"), "0 expires"),
    ("2.4", "RFC 9111 5.3", || expires("Wed, 01 Jul 2026 00:01:00 GMT\nexpires: Wed, 01 Jul 2026 00:01:00 GMT"), "60 expires"),
    ("2.4", "RFC 9111 4.2.1", || lives("date: Wed, 01 Jul 2020 00:00:00 GMT\nexpires: Wed, 01 Jul 2020 00:01:00 GMT"), "60 expires"),
    ("2.4", "RFC 9111 4.2.1", || lives("date: Wed, 01 Jul 2026 00:01:00 GMT\nexpires: Wed, 01 Jul 2026 00:00:00 GMT"), "0 expires"),
    ("2.4", "RFC 9110 6.6.1", || lives("expires: Wed, 01 Jul 2026 00:01:00 GMT"), "60 expires"),
    ("2.4", "RFC 9110 6.6.1", || lives("date: ?\nexpires: Wed, 01 Jul 2026 00:01:00 GMT"), "60 expires"),
    // The guess.
    ("2.5", "policy", || { lives("date: Wed, 01 Jul 2026 00:00:00 GMT\nlast-modified: Mon, 01 Jan 2001 00:00:00 GMT") }, "86400 heuristic"),
    ("2.5", "RFC 9111 4.2.2", || lives("last-modified: Thu, 02 Jul 2026 00:00:00 GMT"), "0 heuristic"),
    ("2.5", "RFC 9111 4.2.2", || lives("last-modified: Mon, 01 Jun 2026 00:00:00 GMT\ncache-control: max-age=x"), "0 none"),
    ("2.5", "RFC 9111 4.2.2", || lives_by(302, "last-modified: Mon, 01 Jun 2026 00:00:00 GMT", &rfc()), "0 none"),
    ("2.5", "RFC 9111 4.2.2", || { lives_by(302, "last-modified: Tue, 30 Jun 2026 23:50:00 GMT\ncache-control: public", &rfc()) }, "60 heuristic"),
    ("2.5", "policy", || { lives_by(200, "last-modified: Mon, 01 Jun 2026 00:00:00 GMT", &cloudfront()) }, "86400 default"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}

#[test]
fn the_tables_time_is_what_it_says() {
    let text = seawall::semantics::dates::format(NOW);
    assert_eq!(text, "Wed, 01 Jul 2026 00:00:00 GMT");
    assert_eq!(map("a: 1\na:2\n").get_all("a").iter().count(), 2);
}
