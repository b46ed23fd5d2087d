//! Which parameters of a query count, and in which order.
//!
//! A parameter is what stands between two `&`; its name ends at the first `=`. Names are compared as they
//! mean: percent-decoded, `+` a blank (WHATWG URL, application/x-www-form-urlencoded). `;` separates nothing:
//! what is dropped is neither keyed nor forwarded, so an origin that reads it otherwise still answers the
//! very query that is keyed.
//!
//! Invariant: what is kept is kept byte for byte.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::names::Choice;

/// A parameter: its name as it means, and all of it as it was sent.
type Parameter<'q> = (Cow<'q, [u8]>, &'q str);

/// The query (without its `?`) of the parameters that `takes` takes, in their order, or sorted by name:
/// equal names keep their order. `None` if there is none, or nothing is left of it.
pub fn selected<'q>(
    query: Option<&'q str>,
    takes: impl Fn(&[u8]) -> bool,
    sort: bool,
) -> Option<Cow<'q, str>> {
    let query = query?;
    let mut all = true;
    let mut kept: SmallVec<[Parameter<'q>; 8]> = SmallVec::new();
    for text in query.split('&') {
        let name = name(text);
        match takes(&name) {
            true => kept.push((name, text)),
            false => all = false,
        }
    }
    if sort && !kept.is_sorted_by(|(one, _), (other, _)| one <= other) {
        kept.sort_by(|(one, _), (other, _)| one.cmp(other));
        all = false;
    }
    if all {
        return (!query.is_empty()).then_some(Cow::Borrowed(query));
    }
    let mut text = String::with_capacity(query.len());
    for (at, (_, part)) in kept.iter().enumerate() {
        if at > 0 {
            text.push('&');
        }
        text.push_str(part);
    }
    (!text.is_empty()).then_some(Cow::Owned(text))
}

/// As [`selected`], by a [`Choice`]. Where it takes all and nothing is sorted, that is the query byte for
/// byte: an empty one is another than none.
pub fn chosen<'q>(query: Option<&'q str>, choice: &Choice, sort: bool) -> Option<Cow<'q, str>> {
    match choice {
        Choice::None => None,
        Choice::All if !sort => query.map(Cow::Borrowed),
        _ => selected(query, |name| choice.takes(name), sort),
    }
}

/// The name of a parameter.
pub(crate) fn name(parameter: &str) -> Cow<'_, [u8]> {
    let name = match parameter.split_once('=') {
        Some((name, _)) => name.as_bytes(),
        None => parameter.as_bytes(),
    };
    if !name.contains(&b'%') && !name.contains(&b'+') {
        return Cow::Borrowed(name);
    }
    let mut decoded = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, after @ ..] = rest {
        rest = after;
        decoded.push(match (first, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, behind @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = behind;
                    high << 4 | low
                }
                // No escape: it stands for itself.
                _ => b'%',
            },
            _ => *first,
        });
    }
    Cow::Owned(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::names::Names;
    use super::*;

    fn names(list: &[&str]) -> Names {
        Names::new(list.iter().copied()).unwrap()
    }

    #[test]
    fn what_each_choice_keeps() {
        let allow = Choice::Allow(names(&["a", "b c"]));
        let except = Choice::Except(names(&["utm_*", "x"]));
        for (query, choice, sort, expected) in [
            (None, &Choice::All, false, None),
            (Some(""), &Choice::All, false, Some("")),
            (Some("b=1&a"), &Choice::All, false, Some("b=1&a")),
            (Some("b=1&a"), &Choice::All, true, Some("a&b=1")),
            (Some("b=1&a"), &Choice::None, false, None),
            (Some(""), &Choice::None, false, None),
            (Some("c=1&a=2&d"), &allow, false, Some("a=2")),
            (Some("%61=1&A=2"), &allow, false, Some("%61=1")),
            (
                Some("b+c=1&b%20c=2&b%2Bc=3"),
                &allow,
                false,
                Some("b+c=1&b%20c=2"),
            ),
            (Some("a=1=2&a"), &allow, false, Some("a=1=2&a")),
            (Some("aa=1"), &allow, false, None),
            (Some("&&"), &allow, false, None),
            (Some("utm_source=1"), &except, false, None),
            (Some("utm%5Fsource=1&q=2"), &except, false, Some("q=2")),
            (Some("%75tm_%=1&q=2"), &except, false, Some("q=2")),
            (Some("q=2&&x"), &except, false, Some("q=2&")),
            (Some("x=1&"), &except, false, None),
            (Some(""), &except, false, None),
            (Some("c&a=2&b&a=1"), &except, true, Some("a=2&a=1&b&c")),
            // As they mean: `%62` is b, and it keeps its place among the b.
            (
                Some("c&b=1&%62=2&b=3&a"),
                &except,
                true,
                Some("a&b=1&%62=2&b=3&c"),
            ),
            // What another reader would split stays whole, or goes whole.
            (Some("q=1;x=2"), &except, false, Some("q=1;x=2")),
            (Some("x=1;q=2"), &except, false, None),
            (
                Some("%zz=1&%=2&%7=3"),
                &except,
                true,
                Some("%=2&%7=3&%zz=1"),
            ),
        ] {
            let found = chosen(query, choice, sort);
            assert_eq!(found.as_deref(), expected, "{query:?} {choice} {sort}");
        }
    }

    /// By another way: everything decoded first, all copies.
    fn slow(query: &str, choice: &Choice, sort: bool) -> Option<String> {
        let mut parts: Vec<(Vec<u8>, &str)> = query
            .split('&')
            .map(|part| {
                let name = part.split('=').next().unwrap().replace('+', " ");
                let mut bytes = Vec::new();
                let mut chars = name.as_bytes().to_vec();
                while !chars.is_empty() {
                    let hex = (chars[0] == b'%' && chars.len() > 2)
                        .then(|| String::from_utf8_lossy(&chars[1..3]).into_owned())
                        .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
                        .and_then(|hex| u8::from_str_radix(&hex, 16).ok());
                    bytes.push(hex.unwrap_or(chars[0]));
                    chars.drain(..hex.map_or(1, |_| 3));
                }
                (bytes, part)
            })
            .filter(|(name, _)| choice.takes(name))
            .collect();
        if sort {
            parts.sort_by(|one, other| one.0.cmp(&other.0));
        }
        let texts: Vec<&str> = parts.iter().map(|(_, text)| *text).collect();
        Some(texts.join("&")).filter(|text| !text.is_empty())
    }

    proptest! {
        #[test]
        fn as_the_slow_way(
            query in "([ab%61+=&]|%61|%2B){0,12}",
            list in prop::collection::vec("[ab ]{1,2}\\*?", 1..4),
            except in any::<bool>(),
            sort in any::<bool>(),
        ) {
            let list = Names::new(list.iter().map(String::as_str)).unwrap();
            let choice = if except { Choice::Except(list) } else { Choice::Allow(list) };
            let found = chosen(Some(&query), &choice, sort);
            let expected = slow(&query, &choice, sort);
            prop_assert_eq!(found.as_deref(), expected.as_deref());
            // Once is enough.
            let again = chosen(found.as_deref(), &choice, sort);
            prop_assert_eq!(again.as_deref(), found.as_deref());
        }
    }
}
