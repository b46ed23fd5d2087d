//! ListObjectsV2 as a function of an ordered map: prefix, delimiter, pages.
//!
//! Invariant: walking the pages, whatever their size, yields what one endless page would: every
//! key once, every common prefix once, in the byte order of UTF-8.

use std::collections::BTreeMap;
use std::ops::Bound;

/// Which part of the map is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    pub(super) prefix: String,
    /// Empty: no grouping.
    pub(super) delimiter: String,
    pub(super) after: Option<Marker>,
    /// Most items (keys and common prefixes together) on a page; 0 gives an empty last page.
    pub(super) limit: usize,
}

/// The last item of a page; the next one starts behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Key(String),
    /// A common prefix: everything below it has been told.
    Prefix(String),
}

/// One page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<'a, V> {
    pub(super) objects: Vec<(&'a str, &'a V)>,
    pub(super) prefixes: Vec<String>,
    /// Where the next page starts; `None` on the last.
    pub(super) next: Option<Marker>,
}

/// Cuts one page out of `objects`.
pub(super) fn page<'a, V>(objects: &'a BTreeMap<String, V>, query: &Query) -> Page<'a, V> {
    let mut page = Page {
        objects: Vec::new(),
        prefixes: Vec::new(),
        next: None,
    };
    if query.limit == 0 {
        return page;
    }
    let resume = match &query.after {
        Some(Marker::Key(at) | Marker::Prefix(at)) => at.as_str(),
        None => "",
    };
    let start = resume.max(query.prefix.as_str());
    let mut last = None;
    for (key, value) in objects.range::<str, _>((Bound::Included(start), Bound::Unbounded)) {
        let Some(rest) = key.strip_prefix(query.prefix.as_str()) else {
            break;
        };
        let told = match &query.after {
            Some(Marker::Key(at)) => key <= at,
            Some(Marker::Prefix(at)) => key.starts_with(at.as_str()),
            None => false,
        };
        if told {
            continue;
        }
        let group = common_prefix(query, rest);
        if group.is_some() && group == page.prefixes.last().cloned() {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == query.limit {
            page.next = last;
            break;
        }
        match group {
            Some(group) => {
                page.prefixes.push(group.clone());
                last = Some(Marker::Prefix(group));
            }
            None => {
                page.objects.push((key, value));
                last = Some(Marker::Key(key.clone()));
            }
        }
    }
    page
}

impl Marker {
    /// As an opaque continuation token: safe in a query and in XML whatever the key holds.
    pub(super) fn to_token(&self) -> String {
        let (kind, text) = match self {
            Self::Key(text) => ('k', text),
            Self::Prefix(text) => ('p', text),
        };
        let mut token = String::from(kind);
        for byte in text.bytes() {
            token.push(hex_digit(byte >> 4));
            token.push(hex_digit(byte & 15));
        }
        token
    }

    /// The inverse of [`to_token`](Self::to_token); `None` for anything else.
    pub(super) fn from_token(token: &str) -> Option<Self> {
        let kind = match token.as_bytes().first()? {
            b'k' => Self::Key,
            b'p' => Self::Prefix,
            _ => return None,
        };
        let bytes = token.as_bytes()[1..]
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(hex_value(*high)? << 4 | hex_value(*low)?),
                _ => None,
            })
            .collect::<Option<Vec<u8>>>()?;
        String::from_utf8(bytes).ok().map(kind)
    }
}

fn common_prefix(query: &Query, rest: &str) -> Option<String> {
    if query.delimiter.is_empty() {
        return None;
    }
    let at = rest.find(&query.delimiter)?;
    Some(format!(
        "{}{}{}",
        query.prefix,
        &rest[..at],
        query.delimiter
    ))
}

fn hex_digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0') // both callers pass less than 16
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn map(keys: &[&str]) -> BTreeMap<String, ()> {
        keys.iter().map(|key| (key.to_string(), ())).collect()
    }

    fn query(prefix: &str, delimiter: &str, limit: usize) -> Query {
        Query {
            prefix: prefix.into(),
            delimiter: delimiter.into(),
            after: None,
            limit,
        }
    }

    fn keys<'a>(page: &Page<'a, ()>) -> Vec<&'a str> {
        page.objects.iter().map(|(key, ())| *key).collect()
    }

    #[test]
    fn a_delimiter_groups_what_lies_below_it() {
        let objects = map(&["a", "a/b", "a/c/d", "a//e", "b/", "z"]);
        let root = page(&objects, &query("", "/", 10));
        assert_eq!(keys(&root), ["a", "z"]);
        assert_eq!(root.prefixes, ["a/", "b/"]);
        let below = page(&objects, &query("a/", "/", 10));
        assert_eq!(keys(&below), ["a/b"]);
        assert_eq!(below.prefixes, ["a//", "a/c/"]);
        let folder = page(&objects, &query("b/", "/", 10));
        assert_eq!(
            keys(&folder),
            ["b/"],
            "a key that ends with the delimiter is a key"
        );
    }

    #[test]
    fn a_full_page_is_the_last_one_when_nothing_follows() {
        let objects = map(&["a", "b"]);
        assert_eq!(page(&objects, &query("", "", 2)).next, None);
        assert_eq!(
            page(&objects, &query("", "", 1)).next,
            Some(Marker::Key("a".into()))
        );
        assert_eq!(page(&objects, &query("", "", 0)).next, None);
        let grouped = map(&["a/1", "a/2"]);
        assert_eq!(page(&grouped, &query("", "/", 1)).next, None);
    }

    #[test]
    fn tokens_that_we_did_not_make_are_refused() {
        for token in ["", "x61", "k6", "k6g", "kff", "k6G", "key"] {
            assert_eq!(Marker::from_token(token), None, "{token:?}");
        }
    }

    proptest! {
        #[test]
        fn pages_add_up_to_the_whole(
            names in prop::collection::btree_set("[ab/é]{1,5}", 0..25),
            prefix in "[ab/]{0,2}",
            delimiter in "/?",
            limit in 1_usize..6,
        ) {
            let objects: BTreeMap<String, ()> = names.iter().map(|n| (n.clone(), ())).collect();
            let mut want_keys = BTreeSet::new();
            let mut want_prefixes = BTreeSet::new();
            for name in names.iter().filter(|n| n.starts_with(&prefix)) {
                match name[prefix.len()..].split_once('/') {
                    Some((dir, _)) if delimiter == "/" => { want_prefixes.insert(format!("{prefix}{dir}/")); }
                    _ => { want_keys.insert(name.clone()); }
                }
            }
            let mut query = query(&prefix, &delimiter, limit);
            let (mut got_keys, mut got_prefixes) = (Vec::new(), Vec::new());
            loop {
                let page = page(&objects, &query);
                prop_assert!(page.objects.len() + page.prefixes.len() <= limit);
                got_keys.extend(keys(&page).iter().map(|k| k.to_string()));
                got_prefixes.extend(page.prefixes);
                let Some(next) = page.next else { break };
                query.after = Marker::from_token(&next.to_token());
                prop_assert_eq!(query.after.as_ref(), Some(&next));
            }
            prop_assert_eq!(got_keys, want_keys.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(got_prefixes, want_prefixes.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn a_token_names_its_marker(text in "\\PC{0,12}", is_key: bool) {
            let marker = if is_key { Marker::Key(text) } else { Marker::Prefix(text) };
            prop_assert_eq!(Marker::from_token(&marker.to_token()), Some(marker));
        }
    }
}
