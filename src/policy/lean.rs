//! A key without parts that split the cache for nothing, and the lines that say so in a configuration.
//!
//! Invariant: what [`lines`] prints, laid over the policy that it is about, gives the key that [`without`] made.

use std::fmt::Write as _;

use http::{HeaderName, header};

use super::key_parts::KeyParts;
use super::names::{Choice, Names};

/// Parts of a key that are to go.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parts {
    /// Parameters of the query, by their names as they mean.
    pub query: Vec<String>,
    /// The order of the parameters.
    pub order: bool,
    /// Fields.
    pub headers: Vec<String>,
    /// Cookies.
    pub cookies: Vec<String>,
}

/// The key without these parts, and the names that no list can leave out: a `*` in them would mean more than
/// themselves, they are no names that a configuration takes, they are there by the beginning of their name, or the
/// list has no more room.
#[must_use]
pub fn without(key: &KeyParts, gone: &Parts) -> (KeyParts, Vec<String>) {
    let mut left = Vec::new();
    let mut lean = key.clone();
    lean.query = shorter(&key.query, &gone.query, &mut left);
    // RFC 6265 section 4.1.1: a cookie's name is a token, as a field's is; viewers send others, too.
    let is_token = |name: &String| HeaderName::from_bytes(name.as_bytes()).is_ok();
    let (tokens, others) = gone
        .cookies
        .iter()
        .cloned()
        .partition::<Vec<_>, _>(is_token);
    left.extend(others);
    lean.cookies = shorter(&key.cookies, &tokens, &mut left);
    lean.sort_query |= gone.order && lean.query != Choice::None;
    let goes = |name: &HeaderName| gone.headers.iter().any(|gone| gone == name.as_str());
    lean.headers.retain(|name| !goes(name));
    lean.accept_encoding &= !goes(&header::ACCEPT_ENCODING);
    (lean, left)
}

/// What of a cache policy must be written to get from one key to the other: a line a setting.
#[must_use]
pub fn lines(from: &KeyParts, to: &KeyParts) -> String {
    let mut text = String::new();
    let mut line = |key: &str, changed: bool, value: String| {
        if changed {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{key} = {value}");
        }
    };
    line("query", from.query != to.query, written(&to.query));
    let sort = to.sort_query;
    line("sort_query", from.sort_query != sort, sort.to_string());
    let headers = list(to.headers.iter().map(HeaderName::as_str));
    line("headers", from.headers != to.headers, headers);
    line("cookies", from.cookies != to.cookies, written(&to.cookies));
    let coding = to.accept_encoding;
    let changed = from.accept_encoding != coding;
    line("accept_encoding", changed, coding.to_string());
    text
}

fn shorter(choice: &Choice, gone: &[String], left: &mut Vec<String>) -> Choice {
    let mut shorter = choice.clone();
    for name in gone {
        match one_less(&shorter, name) {
            Some(less) => shorter = less,
            None => left.push(name.clone()),
        }
    }
    shorter
}

fn one_less(choice: &Choice, name: &str) -> Option<Choice> {
    if !choice.takes(name.as_bytes()) {
        return Some(choice.clone());
    }
    if name.contains('*') {
        return None;
    }
    let less = match choice {
        Choice::None => Choice::None,
        Choice::All => Choice::Except(Names::new([name]).ok()?),
        Choice::Except(names) => {
            let names = names.written().iter().map(String::as_str).chain([name]);
            Choice::Except(Names::new(names).ok()?)
        }
        Choice::Allow(names) => {
            let names = names.written().iter().map(String::as_str);
            let rest: Vec<&str> = names.filter(|listed| *listed != name).collect();
            match rest.is_empty() {
                true => Choice::None,
                false => Choice::Allow(Names::new(rest).ok()?),
            }
        }
    };
    (!less.takes(name.as_bytes())).then_some(less)
}

fn written(choice: &Choice) -> String {
    let listed = |word, names: &Names| {
        let names = names.written().iter().map(String::as_str);
        format!("{{ {word} = {} }}", list(names))
    };
    match choice {
        Choice::None => "\"none\"".to_owned(),
        Choice::All => "\"all\"".to_owned(),
        Choice::Allow(names) => listed("allow", names),
        Choice::Except(names) => listed("except", names),
    }
}

/// A list of strings as TOML has it; the names are visible ASCII, so that only `"` and `\` are escaped.
fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("{name:?}")).collect();
    format!("[{}]", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::names::MAX_NAMES;
    use super::*;

    fn names(list: &[&str]) -> Names {
        Names::new(list.iter().copied()).unwrap()
    }

    fn gone(query: &[&str]) -> Parts {
        Parts {
            query: query.iter().map(|name| (*name).to_owned()).collect(),
            ..Parts::default()
        }
    }

    #[test]
    fn each_choice_loses_a_name_in_its_own_way() {
        for (query, name, expected) in [
            (Choice::All, "a\"b", "query = { except = [\"a\\\"b\"] }\n"),
            (
                Choice::Except(names(&["utm_*"])),
                "ref",
                "query = { except = [\"utm_*\", \"ref\"] }\n",
            ),
            (
                Choice::Allow(names(&["a", "b"])),
                "b",
                "query = { allow = [\"a\"] }\n",
            ),
            (Choice::Allow(names(&["a"])), "a", "query = \"none\"\n"),
            (Choice::Allow(names(&["a"])), "b", ""),
            (Choice::None, "a", ""),
        ] {
            let key = KeyParts {
                query,
                ..KeyParts::TARGET
            };
            let (lean, left) = without(&key, &gone(&[name]));
            assert_eq!(left, [""; 0], "{key}");
            assert_eq!(lines(&key, &lean), expected, "{key}");
            assert!(!lean.query.takes(name.as_bytes()), "{key}");
        }
    }

    #[test]
    fn what_no_list_can_leave_out_is_told() {
        let by_beginning = KeyParts {
            query: Choice::Allow(names(&["s_*"])),
            ..KeyParts::TARGET
        };
        let full: Vec<String> = (0..MAX_NAMES).map(|n| format!("n{n}")).collect();
        let full = names(&full.iter().map(String::as_str).collect::<Vec<_>>());
        let full = KeyParts {
            query: Choice::Except(full),
            ..KeyParts::TARGET
        };
        for (key, name) in [
            (&by_beginning, "s_a"),
            (&KeyParts::TARGET, "a*"),
            (&full, "one-more"),
        ] {
            let (lean, left) = without(key, &gone(&[name]));
            assert_eq!((&lean, left), (key, vec![name.to_owned()]), "{key}");
        }
    }

    #[test]
    fn fields_cookies_and_the_order_have_lines_too() {
        let key = KeyParts {
            headers: ["x-a", "x-b"].map(HeaderName::from_static).to_vec(),
            cookies: Choice::All,
            accept_encoding: true,
            ..KeyParts::TARGET
        };
        let gone = Parts {
            order: true,
            headers: vec!["x-a".to_owned(), "accept-encoding".to_owned()],
            cookies: vec!["seen".to_owned()],
            ..Parts::default()
        };
        let (lean, _) = without(&key, &gone);
        assert_eq!(
            lines(&key, &lean),
            "sort_query = true\nheaders = [\"x-b\"]\ncookies = { except = [\"seen\"] }\n\
             accept_encoding = false\n"
        );
        assert_eq!(lines(&lean, &lean), "");
    }
}
