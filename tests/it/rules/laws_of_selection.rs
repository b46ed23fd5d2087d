//! Laws of what a request gets of what is stored: under which key, in which variant, which bytes.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use seawall::policy::key::Key;
use seawall::semantics::multipart;
use seawall::semantics::range::{self, Selection};
use seawall::semantics::vary::{self, Selecting};

use super::words::map;

/// A body as multipart/byteranges, read by what it says of itself: type, range and bytes of each part.
type Part = (Option<String>, RangeInclusive<u64>, Vec<u8>);

/// Reads strictly: nothing before, between and after what RFC 9110 section 14.6 knows.
fn read(body: &[u8], boundary: &str, total: u64) -> Option<Vec<Part>> {
    let mut rest = body;
    let mut parts = Vec::new();
    loop {
        rest = rest.strip_prefix(format!("\r\n--{boundary}").as_bytes())?;
        if rest == b"--\r\n" {
            return Some(parts);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = map(&std::str::from_utf8(&rest[..end])
            .ok()?
            .replace("\r\n", "\n"));
        rest = &rest[end + 4..];
        let said = range::parse_content_range(head.get("content-range")?.as_bytes())?;
        if said.total != Some(total) {
            return None;
        }
        let (bytes, after) =
            rest.split_at_checked(usize::try_from(said.last - said.first).ok()? + 1)?;
        rest = after;
        let kind = head.get("content-type");
        let kind = kind.map(|kind| kind.to_str().unwrap().to_owned());
        parts.push((kind, said.first..=said.last, bytes.to_vec()));
    }
}

fn written(parts: &[Part], total: u64, boundary: &str, kind: Option<&HeaderValue>) -> Vec<u8> {
    let ranges: Vec<_> = parts.iter().map(|(_, range, _)| range.clone()).collect();
    let bytes = |wanted: &RangeInclusive<u64>| {
        let part = parts.iter().find(|(_, range, _)| range == wanted);
        Bytes::from(part.unwrap().2.clone())
    };
    multipart::pieces(&ranges, kind, total, boundary, bytes).concat()
}

/// What a range of a set asks for of so many bytes; nothing if it has none of it.
fn asked(first: u64, more: u64, form: u8, length: u64) -> (String, Option<RangeInclusive<u64>>) {
    let last = first + more;
    match form {
        0 => {
            let wanted = (first < length).then(|| first..=last.min(length - 1));
            (format!("{first}-{last}"), wanted)
        }
        1 => (
            format!("{first}-"),
            (first < length).then(|| first..=length - 1),
        ),
        _ => {
            let wanted = (more > 0).then(|| length.saturating_sub(more)..=length - 1);
            (format!("-{more}"), wanted)
        }
    }
}

/// A list field as its members, or absent; and one way to write it.
#[derive(Clone, Debug)]
struct Spelled {
    members: Option<Vec<String>>,
    lines: Vec<String>,
}

/// Few members, so that two are often the same; many ways to write them.
fn spelled(member: &'static str) -> impl Strategy<Value = Spelled> {
    let members = prop::collection::vec((member, 0..4usize), 1..4);
    prop::option::of(members).prop_map(|members| {
        let mut lines: Vec<String> = Vec::new();
        for (member, spelling) in members.iter().flatten() {
            match (lines.last_mut(), spelling) {
                (Some(line), 0) => line.push_str(&format!(",{member}")),
                (Some(line), 1) => line.push_str(&format!(" ,\t {member}")),
                (Some(line), 2) => line.push_str(&format!(", {member}")),
                _ => lines.push(member.clone()),
            }
        }
        let members =
            members.map(|members| members.into_iter().map(|(member, _)| member).collect());
        Spelled { members, lines }
    })
}

fn request(fields: &[(&str, &Spelled)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, spelled) in fields {
        for line in &spelled.lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(line).unwrap());
        }
    }
    headers
}

proptest! {
    /// Rule 7 several: who reads the parts has every byte that was asked for, at its place, and none twice.
    #[test]
    fn parts_that_are_read_give_the_bytes_that_were_asked_for(
        // Bytes that look like a boundary.
        pattern in "[B\r\n-]{1,9}", length in 1..3_000u64,
        ranges in prop::collection::vec((0..3_200u64, 0..400u64, 0..3u8), 1..8), kind in prop::option::of("[a-z]{1,3}/[a-z]{1,3}"),
    ) {
        let body: Bytes = pattern.bytes().cycle().take(usize::try_from(length).unwrap()).collect();
        let slice = |part: &RangeInclusive<u64>| {
            body.slice(usize::try_from(*part.start()).unwrap()..=usize::try_from(*part.end()).unwrap())
        };
        let (texts, wanted): (Vec<_>, Vec<_>) = ranges.iter().map(|&(first, more, form)| asked(first, more, form, length)).unzip();
        let request = map(&format!("range: bytes={}", texts.join(", ")));
        let wanted: Vec<_> = wanted.into_iter().flatten().collect();
        let served = match range::select(&Method::GET, &request, &HeaderMap::new(), length) {
            Selection::Unsatisfiable => vec![],
            Selection::Part { first, last } => vec![first..=last],
            Selection::Parts(parts) => {
                prop_assert!(parts.len() > 1 && parts.len() <= texts.len());
                parts
            }
            Selection::Whole => return Err(TestCaseError::fail("a sound set is never ignored")),
        };
        prop_assert_eq!(served.is_empty(), wanted.is_empty());
        for range in &wanted {
            let holds = |part: &&RangeInclusive<u64>| part.contains(range.start()) && part.contains(range.end());
            prop_assert_eq!(served.iter().filter(holds).count(), 1, "{:?} in {:?}", range, served);
        }
        let total: u64 = served.iter().map(|part| part.end() - part.start() + 1).sum();
        prop_assert!(total <= length);

        let kind = kind.map(|kind| HeaderValue::from_str(&kind).unwrap());
        let laid = multipart::pieces(&served, kind.as_ref(), length, "B", slice).concat();
        let parts = read(&laid, "B", length).ok_or_else(|| TestCaseError::fail("unreadable"))?;
        prop_assert_eq!(parts.len(), served.len());
        for ((said, range, bytes), part) in parts.iter().zip(&served) {
            prop_assert_eq!(said.as_deref(), kind.as_ref().map(|kind| kind.to_str().unwrap()));
            prop_assert_eq!(range, part);
            prop_assert_eq!(bytes, &slice(part));
        }
        // Written again, with another boundary, it says the same.
        prop_assert_eq!(read(&written(&parts, length, "other", kind.as_ref()), "other", length), Some(parts));
    }

    /// Rule 8 match: the same members, however they are written, and nothing else.
    #[test]
    fn a_variant_answers_exactly_the_requests_with_its_values(
        one in (spelled("[ab]"), spelled("[ab]")), other in (spelled("[ab]"), spelled("[ab]")), besides in spelled("[ab]"),
    ) {
        let stored = request(&[("x-a", &one.0), ("x-b", &one.1)]);
        let asking = request(&[("x-b", &other.1), ("x-a", &other.0), ("x-c", &besides)]);
        let selecting = Selecting::of(&map("vary: X-A\nvary: ,x-b, x-a"), &stored);
        let same = one.0.members == other.0.members && one.1.members == other.1.members;
        prop_assert_eq!(selecting.matches(&asking), same);
        prop_assert!(selecting.matches(&stored));
        // Those who may wait for one another are those who get the same.
        let group = |request: &HeaderMap| vary::discriminator(selecting.names(), request);
        prop_assert_eq!(group(&stored) == group(&asking), same);
    }

    /// Rule 8 match: of preferences order, case and repetition mean nothing.
    #[test]
    fn preferences_are_a_set(one in spelled("[a-bA-B](;q=0\\.[12])?"), other in spelled("[a-bA-B](;q=0\\.[12])?")) {
        let of = |spelled: &Spelled| spelled.members.as_ref().map(|members| {
            members.iter().map(|member| member.to_lowercase()).collect::<BTreeSet<_>>()
        });
        for name in ["accept-language", "accept-encoding"] {
            let selecting = Selecting::of(&map(&format!("vary: {name}")), &request(&[(name, &one)]));
            prop_assert_eq!(selecting.matches(&request(&[(name, &other)])), of(&one) == of(&other), "{}", name);
        }
    }

    /// Rule 8 each by its own: one more member of Vary can only take requests away.
    #[test]
    fn a_longer_vary_never_matches_more(
        vary in prop::collection::vec("x-[abc]|accept-language", 0..3), more in "x-[abc]|accept-language|\\*",
        one in (spelled("[ab]"), spelled("[ab]"), spelled("[ab]")), other in (spelled("[ab]"), spelled("[ab]"), spelled("[ab]")),
    ) {
        let of = |values: &(Spelled, Spelled, Spelled)| {
            request(&[("x-a", &values.0), ("x-b", &values.1), ("accept-language", &values.2)])
        };
        let (stored, asking) = (of(&one), of(&other));
        let matches = |members: &[String]| {
            let response = map(&format!("vary: {}", members.join(", ")));
            !vary::matches_nothing(&response) && Selecting::of(&response, &stored).matches(&asking)
        };
        let longer = [&vary[..], &[more]].concat();
        prop_assert!(!matches(&longer) || matches(&vary));
    }

    /// Rule 8 key: no choice of parts can be taken for another, wherever the borders fall in one text.
    #[test]
    fn a_key_says_where_its_parts_end(
        text in "[a/?.]{0,8}", cuts in prop::array::uniform2(prop::array::uniform3(any::<prop::sample::Index>())),
        present in prop::array::uniform2(any::<(bool, bool)>()),
    ) {
        type Parts<'t> = (&'t str, Option<&'t str>, &'t str, Option<&'t str>);
        let cut = |at: usize| -> Parts<'_> {
            let mut borders = cuts[at].map(|index| index.index(text.len() + 1));
            borders.sort_unstable();
            let [one, two, three] = borders;
            let host = Some(&text[one..two]).filter(|host| present[at].0 && !host.is_empty());
            let query = Some(&text[three..]).filter(|_| present[at].1);
            (&text[..one], host, &text[two..three], query)
        };
        let (one, other) = (cut(0), cut(1));
        let key = |(id, host, path, query): Parts<'_>| Key::of_target(id, host, path, query);
        prop_assert_eq!(key(one).text() == key(other).text(), one == other);
        prop_assert_eq!(key(one).hash() == key(other).hash(), one == other);
        // Nor is it ever the key of a bucket's object.
        let object = Key::of_bucket_object(other.0, other.2);
        prop_assert!(key(one).text() != object.text() && key(one).hash() != object.hash());
    }
}
