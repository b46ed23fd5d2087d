use proptest::prelude::*;

use super::*;
use crate::semantics::location;

fn redirects(text: &str) -> Redirects {
    Redirects::parse(text).unwrap_or_else(|flaws| panic!("{text}: {flaws:?}"))
}

/// `STATUS LOCATION`, or `-`.
fn sent(text: &str, path: &str) -> String {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let found = redirects(text).find(path, query);
    found.map_or_else(
        || "-".to_owned(),
        |found| format!("{} {}", found.status.as_u16(), found.location),
    )
}

#[test]
fn each_rule_takes_its_paths() {
    for (rule, path, expected) in [
        ("/a /b", "/a", "301 /b"),
        ("/a /b", "/%61", "301 /b"),
        ("/%61%20b /b", "/a%20b", "301 /b"),
        ("/a /b", "/a/", "-"),
        ("/a /b", "/A", "-"),
        ("/a /b 302", "/a?x=1&y", "302 /b?x=1&y"),
        ("/a /b?z 307", "/a?x=1", "307 /b?z"),
        (
            "/a /b",
            "/a?x=\\y&%zz[1]=<é",
            "301 /b?x=%5Cy&%zz[1]=%3C%C3%A9",
        ),
        ("/a /b#c", "/a?x=1", "301 /b?x=1#c"),
        (
            "/a https://b.test:8443/c 308",
            "/a?x",
            "308 https://b.test:8443/c?x",
        ),
        ("/a https://b.test 303", "/a", "303 https://b.test"),
        ("/docs/* /d/:splat", "/docs/x/y.html", "301 /d/x/y.html"),
        ("/docs/* /d/:splat", "/docs/", "301 /d/"),
        ("/docs/* /d/:splat", "/docs", "-"),
        ("/docs/* /d/:splat", "/docsx/", "-"),
        ("/* https://b.test/:splat", "/x?y", "301 https://b.test/x?y"),
        ("/* https://b.test/:splat", "/", "301 https://b.test/"),
        (
            "/:y/:slug /blog/posts/:slug?y=:y",
            "/2024/a%20b",
            "301 /blog/posts/a%20b?y=2024",
        ),
        ("/:y/:slug /blog/posts/:slug", "/2024/", "-"),
        ("/:y/:slug /blog/posts/:slug", "/2024/a/b", "-"),
        (
            "/blog/:y/* /b/:y/-/:splat",
            "/blog/24/x/y",
            "301 /b/24/-/x/y",
        ),
        ("/a /b:c", "/a", "301 /b:c"),
        // Several in one file: the first that takes it.
        ("/a/* /1/:splat\n/a/b /2", "/a/b", "301 /1/b"),
        ("/a/b /2\n/a/* /1/:splat", "/a/b", "301 /2"),
        ("# a comment\n\n  /a\t/b  301 # why\n", "/a", "301 /b"),
    ] {
        assert_eq!(sent(rule, path), expected, "{rule} for {path}");
    }
}

#[test]
fn nothing_of_a_request_chooses_the_host() {
    for (rule, path, expected) in [
        ("/x/* /:splat", "/x//evil.test", "301 /evil.test"),
        ("/x/* /:splat", "/x///evil.test", "301 /evil.test"),
        ("/x/* /:splat", "/x/%2Fevil.test", "301 /evil.test"),
        ("/x/* /:splat", "/x/%5Cevil.test", "-"),
        (
            "/x/* https://b.test/:splat",
            "/x//evil.test",
            "301 https://b.test//evil.test",
        ),
        (
            "/x/* https://b.test/:splat",
            "/x/@evil.test",
            "301 https://b.test/%40evil.test",
        ),
        ("/x/* /a/:splat", "/x/%0d%0aset-cookie:a=b", "-"),
        ("/:a/:b /:b", "/x/https:", "301 /https%3A"),
    ] {
        assert_eq!(sent(rule, path), expected, "{rule} for {path}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, line, found) in [
        ("/a", 1, "found 1 words"),
        ("# c\n/a /b 301 Country=de", 2, "found 4 words"),
        ("/a /b 200", 1, "\"200\" as STATUS"),
        ("/a /b 301!", 1, "\"301!\" as STATUS"),
        ("a /b", 1, "does not begin with `/`"),
        ("https://a.test/ /b", 1, "does not begin with `/`"),
        ("/a?b /b", 1, "has a query"),
        ("/a*/b /b", 1, "has a `*`"),
        ("/a* /b", 1, "has a `*`"),
        ("/:a/:a /b", 1, "has a `:`"),
        ("/: /b", 1, "has a `:`"),
        ("/:splat /b", 1, "has a `:`"),
        ("/../a /b", 1, "is no path"),
        ("/a b", 1, "is no place"),
        ("/a //evil.test/", 1, "is no place"),
        ("/a ftp://b.test/", 1, "is no place"),
        ("/a /\\evil.test", 1, "is no place"),
        ("/a/* :splat", 1, "is no place"),
        ("/a/* https://:splat/", 1, "is no place"),
        ("/a/* https://:splat", 1, "is no place"),
        ("/a/* https://b.test:splat", 1, "choose the host"),
        ("/:y/:slug /blog/:slug", 1, "leads back"),
        (
            "/:host /x\n/b/:host https://b.test/:hots",
            2,
            "has :hots, which FROM has not",
        ),
        ("/a /b/:splat", 1, "has :splat, which FROM has not"),
        ("/a /b\n/c /d\n/%61 /e", 3, "has a rule already"),
        ("/a /a", 1, "leads back to itself, by the rules in line 1"),
        (
            "/a /b\n/b /c?x\n/c /a",
            1,
            "leads back to itself, by the rules in line 1, 2, 3",
        ),
        ("/* /index.html", 1, "leads back"),
        ("/a/* /a/b/:splat", 1, "leads back"),
        ("/* /:splat", 1, "leads back"),
        ("/:x/y /:x/y", 1, "leads back"),
    ] {
        let flaws = Redirects::parse(text).expect_err(text);
        let told = flaws[0].to_string();
        assert!(
            told.starts_with(&format!("line {line}: ")),
            "{text}: {told}"
        );
        assert!(
            told.contains(found) && told.contains("; allowed: "),
            "{text}: {told}"
        );
    }
}

#[test]
fn each_circle_is_told_once() {
    let flaws = Redirects::parse("/in /b\n/b /c\n/c /b\n/x /x\n/y /x").unwrap_err();
    let told: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("line 2: ") && told[0].contains("line 2, 3;"),
        "{told:?}"
    );
    assert!(told[1].starts_with("line 4: "), "{told:?}");
}

#[test]
fn a_long_chain_is_judged_in_one_walk() {
    let text: String = (0..MAX_RULES)
        .map(|at| format!("/{at} /{}\n", at + 1))
        .collect();
    assert_eq!(redirects(&text).len(), MAX_RULES);
}

#[test]
fn a_chain_that_ends_is_no_loop() {
    redirects("/a /b\n/b /c\n/x/* /:splat\n/home https://b.test/home");
}

#[test]
fn the_numbers_of_rules_are_bounded() {
    let lines = |from: &str, to: &str, count: usize| -> String {
        let lines = (0..count).map(|at| format!("/{at}{from} {to}\n"));
        lines.collect()
    };
    assert_eq!(redirects(&lines("", "/to", MAX_RULES)).len(), MAX_RULES);
    let flaws = Redirects::parse(&lines("", "/to", MAX_RULES + 1)).unwrap_err();
    assert_eq!(flaws[0].line, MAX_RULES + 1);
    assert_eq!(
        redirects(&lines("/*", "/to", MAX_PATTERNS)).len(),
        MAX_PATTERNS
    );
    let flaws = Redirects::parse(&lines("/*", "/to", MAX_PATTERNS + 1)).unwrap_err();
    assert_eq!(flaws[0].line, MAX_PATTERNS + 1);
}

proptest! {
    /// Whatever is asked for, the answer leads to the same host, or to the one that is written.
    #[test]
    fn a_location_stays_where_its_rule_leads(
        to in prop::sample::select(vec!["/:splat", "/a/:splat", "/:splat/b", "/:a:splat", "/:a/:splat", "/?:splat", "https://b.test/:splat", "https://b.test?:splat#:a"]),
        path in "/x/[a-z:/@.%]{0,3}(%2F|%5C|%0A|%40|//|:|\\\\)?[a-z:/@.]{0,8}",
        query in prop::option::of("[ -~\u{e9}]{0,8}"),
    ) {
        let rules = redirects(&format!("/x/:a/* {to}\n"));
        if let Some(found) = rules.find(&path, query.as_deref()) {
            prop_assert!(location::may_lead_to(&found.location), "{}", found.location);
            let host = location::host_of(&found.location);
            prop_assert_eq!(host.as_deref(), to.starts_with("https").then_some("b.test"));
        }
    }

    #[test]
    fn no_text_breaks_the_reading(text in "([/:*a-c# ?\n]|301|https://|[\u{0}-\u{ff}]){0,40}") {
        let _ = Redirects::parse(&text);
    }
}
