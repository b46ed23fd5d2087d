//! Targets and patterns against slow readers: one object has one canonical form, two have two, and patterns take what
//! their letters say.
//!
//! Lines of the input: a path, another one, a pattern.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seawall::policy::path_pattern::{PathPattern, Subject};
use seawall::purge::pattern::{Identity, PathPattern as PurgePattern, QueryForm, QueryPattern};
use seawall::semantics::target::{canonical, check, check_query, decode, encode};

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let path = lines.next().unwrap_or_default();
    let other = lines.next().unwrap_or("/a");
    let pattern = lines.next().unwrap_or(other);
    let _ = check_query(other);
    spelling(path);
    if let (Ok(one), Ok(two)) = (canonical(path), canonical(other)) {
        assert_eq!(one == two, slowly(path) == slowly(other), "{one} {two}");
    }
    matching(pattern, path);
    purging(pattern, path);
});

fn spelling(path: &str) {
    let name = slowly(path).filter(|name| is_path(path, name));
    assert_eq!(check(path).is_ok(), name.is_some(), "{path:?}");
    let utf8 = name.filter(|name| std::str::from_utf8(name).is_ok());
    assert_eq!(canonical(path).is_ok(), utf8.is_some(), "{path:?}");
    let Some(name) = utf8 else { return };
    let once = canonical(path).unwrap().into_owned();
    assert_eq!(canonical(&once).as_deref(), Ok(&*once));
    assert_eq!(slowly(&once).as_ref(), Some(&name));
    assert_eq!(decode(path).as_ref(), Ok(&name));
    assert_eq!(encode(&name), once);
    // With every byte as an escape it is the same object.
    let (upper, lower): (String, String) = name[1..]
        .iter()
        .map(|byte| (format!("%{byte:02X}"), format!("%{byte:02x}")))
        .unzip();
    for spelled in [format!("/{upper}"), format!("/{lower}")] {
        assert_eq!(canonical(&spelled).as_deref(), Ok(&*once));
    }
}

/// Percent-decoded, octet by octet; `None` where an escape is broken.
fn slowly(path: &str) -> Option<Vec<u8>> {
    let mut bytes = path.bytes();
    let mut name = Vec::new();
    while let Some(byte) = bytes.next() {
        name.push(match byte {
            b'%' => {
                let (high, low) = (bytes.next()?, bytes.next()?);
                let digit = |byte: u8| char::from(byte).to_digit(16);
                (digit(high)? * 16 + digit(low)?) as u8
            }
            plain => plain,
        });
    }
    Some(name)
}

/// Whether this may be asked for: a path as it was sent, and its name.
fn is_path(path: &str, name: &[u8]) -> bool {
    let sound = path.starts_with('/')
        && path.bytes().all(|byte| byte.is_ascii_graphic())
        && !path.contains(['?', '#']);
    sound
        && name
            .iter()
            .all(|&byte| byte >= 0x20 && byte != 0x7f && byte != b'\\')
        && name
            .split(|&byte| byte == b'/')
            .all(|segment| segment != b"." && segment != b"..")
}

fn matching(pattern: &str, path: &str) {
    let Ok(parsed) = PathPattern::parse(pattern) else {
        return;
    };
    assert_eq!(parsed.to_string(), pattern);
    assert!(parsed.covers(&parsed));
    if check(path).is_err() {
        return;
    }
    let signs = signs(pattern);
    let sent: Vec<Sign> = letters(path);
    assert_eq!(
        parsed.matches(&Subject::sent(path)),
        takes(&signs, &sent),
        "{pattern} {path}"
    );
    let named: Vec<Sign> = slowly(path).unwrap().into_iter().map(Sign::Plain).collect();
    let unspelled: Vec<Sign> = signs
        .iter()
        .map(|sign| match *sign {
            // No slash of an object is anything but a slash.
            Sign::Escaped(byte) if byte != b'/' => Sign::Plain(byte),
            other => other,
        })
        .collect();
    assert_eq!(
        parsed.matches(&Subject::object(path)),
        takes(&unspelled, &named),
        "{pattern} {path}"
    );
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sign {
    Plain(u8),
    /// A reserved byte that was percent-encoded.
    Escaped(u8),
    Any,
    One,
}

/// The letters of a path or pattern whose escapes are sound.
fn letters(text: &str) -> Vec<Sign> {
    let mut letters = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let (letter, length) = match first {
            b'%' => {
                let byte = slowly(&rest[..3]).unwrap()[0];
                let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
                match unreserved {
                    true => (Sign::Plain(byte), 3),
                    false => (Sign::Escaped(byte), 3),
                }
            }
            byte => (Sign::Plain(byte), 1),
        };
        letters.push(letter);
        rest = &rest[length..];
    }
    letters
}

fn signs(pattern: &str) -> Vec<Sign> {
    let mut signs: Vec<Sign> = letters(pattern)
        .into_iter()
        .map(|letter| match letter {
            Sign::Plain(b'*') => Sign::Any,
            Sign::Plain(b'?') => Sign::One,
            other => other,
        })
        .collect();
    signs.dedup_by(|next, last| *next == Sign::Any && *last == Sign::Any);
    let slash = Sign::Plain(b'/');
    let rooted = match signs[..] {
        [first, ..] if first == slash => true,
        [Sign::Any, second, ..] => second == slash || second == Sign::One,
        _ => false,
    };
    if !rooted {
        signs.insert(0, slash);
    }
    signs
}

/// Every way, one after the other: which beginnings of the path the signs so far may take.
fn takes(signs: &[Sign], path: &[Sign]) -> bool {
    let mut ends = vec![false; path.len() + 1];
    ends[0] = true;
    for sign in signs {
        let mut next = vec![false; path.len() + 1];
        for at in 0..=path.len() {
            next[at] = match sign {
                Sign::Any => ends[at] || (at > 0 && next[at - 1]),
                Sign::One => at > 0 && ends[at - 1],
                letter => at > 0 && ends[at - 1] && path[at - 1] == *letter,
            };
        }
        ends = next;
    }
    ends[path.len()]
}

fn purging(pattern: &str, path: &str) {
    let Ok(parsed) = PurgePattern::parse(pattern) else {
        return;
    };
    let again = PurgePattern::parse(&parsed.to_string()).expect("a pattern can be written");
    assert_eq!(again, parsed);
    if check(path).is_err() {
        return;
    }
    let name = slowly(path).unwrap();
    let identity = Identity {
        distribution: "E1".into(),
        paths: vec![name.clone().into()],
        query: QueryForm::All,
    };
    let (wanted, open) = match pattern.split_once('?') {
        Some((wanted, _)) => (wanted, false),
        None => match pattern.strip_suffix('*') {
            Some(wanted) => (wanted, true),
            None => (pattern, false),
        },
    };
    let wanted = slowly(wanted).unwrap();
    let expected = match open {
        true => name.starts_with(&wanted),
        false => name == wanted,
    };
    assert_eq!(parsed.matches(&identity), expected, "{pattern} {path}");
    if let PurgePattern::Exact { query, .. } = &parsed {
        assert_eq!(*query == QueryPattern::Any, !pattern.contains('?'));
    }
}
