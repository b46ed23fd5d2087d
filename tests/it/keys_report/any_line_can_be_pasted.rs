//! Whatever viewers call their parameters and cookies: the lines to paste are accepted, and mean what they should.

use http::HeaderName;
use proptest::prelude::*;
use seawall::policy::cache_policy::CachePolicy;
use seawall::policy::key_parts::KeyParts;
use seawall::policy::lean::{self, Parts};

const HEADERS: [&str; 3] = ["accept-language", "origin", "x-tenant"];

/// The policy `own` with these lines, of an application.
fn resolved(base: &str, lines: &str) -> CachePolicy {
    let text = format!(
        r#"
[edge]
listen = ["127.0.0.1:0"]
data = "data"
[admin]
tokens = [{{ name = "all", env = "T", scopes = ["read"] }}]
[cache_policies.own]
base = "{base}"
{lines}
[origins.app]
type = "http"
url = "http://127.0.0.1:1"
[[distributions]]
id = "E1"
origin = "app"
cache_policy = "own"
"#
    );
    let env = |_: &str| Some("a-value-of-some-length".to_owned());
    let config = seawall::config::parse("test.toml", &text, &env)
        .unwrap_or_else(|error| panic!("{lines}\n{}", error.render_plain()));
    let distribution = config.distributions.by_id("E1").unwrap();
    distribution.default_behavior.cache.clone()
}

/// A choice as it may be written, with names that may be those that are to go.
fn choice() -> impl Strategy<Value = String> {
    let list = prop::collection::vec("[a-c]{1,2}[*]?", 1..4);
    let list = (list, prop::sample::select(vec!["allow", "except"]));
    prop_oneof![
        Just("\"all\"".to_owned()),
        Just("\"none\"".to_owned()),
        list.prop_map(|(names, word)| format!("{{ {word} = {names:?} }}")),
    ]
}

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop_oneof!["[a-c]{1,2}", "[!-~]{1,6}"], 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_lines_mean_the_lean_key(
        base in prop::sample::select(CachePolicy::PRESETS.iter().filter(|name| **name != "CachingDisabled").copied().collect::<Vec<_>>()),
        query in choice(),
        cookies in choice(),
        headers in prop::sample::subsequence(HEADERS.to_vec(), 0..=3),
        gone in (names(), names(), prop::sample::subsequence(HEADERS.to_vec(), 0..=3), any::<bool>(), any::<bool>()),
    ) {
        let (query_gone, cookies_gone, headers_gone, order, coding) = gone;
        let before = format!("query = {query}\ncookies = {cookies}\nheaders = {headers:?}\n");
        let key = resolved(base, &before).key;
        let mut fields: Vec<String> = headers_gone.iter().map(|name| (*name).to_owned()).collect();
        fields.extend(coding.then(|| "accept-encoding".to_owned()));
        let gone = Parts { query: query_gone, order, headers: fields, cookies: cookies_gone };
        let (lean, left) = lean::without(&key, &gone);
        let lines = lean::lines(&key, &lean);
        // Pasted over what was there: a line takes the place of that of its name.
        let stays = |line: &&str| {
            let name = line.split(' ').next().unwrap();
            !lines.lines().any(|new| new.split(' ').next() == Some(name))
        };
        let kept: Vec<&str> = before.lines().filter(stays).collect();
        let after = resolved(base, &format!("{}\n{lines}", kept.join("\n"))).key;
        prop_assert_eq!(&after, &lean, "{}", lines);
        held(&after, &gone, &left);
    }
}

/// What was to go is gone, but for what is told to be left.
fn held(key: &KeyParts, gone: &Parts, left: &[String]) {
    for (names, choice) in [(&gone.query, &key.query), (&gone.cookies, &key.cookies)] {
        for name in names.iter().filter(|name| !left.contains(name)) {
            assert!(!choice.takes(name.as_bytes()), "{name} in {choice}");
        }
    }
    for name in &gone.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        assert!(!key.has(&name), "{name}");
    }
}
