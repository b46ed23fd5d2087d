//! Does a stored answer answer this request, by the fields that it varies on (RFC 9111 4.1)?
//!
//! Everything here speaks of the request *as forwarded*: a field that did not reach the origin cannot
//! have changed its answer, and counts as absent. [`Selecting`] is what an entry keeps: the names in its
//! own Vary with the values that the request had which brought it. Entries under one key may vary on
//! different fields.
//!
//! Two values are the same if they are after what certainly keeps their meaning: several lines are one
//! list, white space around commas goes, and the preferences of Accept-Encoding and Accept-Language
//! are put in one order. Everything else is compared byte for byte.

use http::{HeaderMap, HeaderName, header};
use smallvec::SmallVec;

use super::fields::members;

/// A request's fields as they reach the origin.
pub trait RequestFields {
    /// Calls `line` with each value of `name`, in order; not at all where it is not forwarded.
    fn each(&self, name: &HeaderName, line: &mut dyn FnMut(&[u8]));
}

/// All of them are forwarded.
impl RequestFields for HeaderMap {
    fn each(&self, name: &HeaderName, line: &mut dyn FnMut(&[u8])) {
        self.get_all(name)
            .iter()
            .for_each(|value| line(value.as_bytes()));
    }
}

/// Whether no later request can be known to match (RFC 9111 4.1): a member of Vary is `*`, or is
/// nothing that a field could be called.
#[must_use]
pub fn matches_nothing(response: &HeaderMap) -> bool {
    members(response, header::VARY)
        .any(|member| member == b"*" || HeaderName::from_bytes(member).is_err())
}

/// The names in the Vary of a response, as they stand there. What is no name is left out: such an
/// answer is not stored at all, see [`matches_nothing`].
pub fn names(response: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    members(response, header::VARY).filter_map(|member| HeaderName::from_bytes(member).ok())
}

/// The fields that an answer varies on, in order, with the values that brought it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Selecting(Box<[Field]>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Field {
    name: HeaderName,
    value: Option<Box<[u8]>>,
}

impl Selecting {
    /// What the Vary of `response` selects on, in the request that brought it. Names are taken once,
    /// whatever their case and order, over all lines of Vary; empty members count for nothing.
    #[must_use]
    pub fn of(response: &HeaderMap, request: &dyn RequestFields) -> Self {
        let mut names: Vec<HeaderName> = names(response).collect();
        names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        let field = |name: HeaderName| Field {
            value: normal(&name, request).map(|value| Box::from(&*value)),
            name,
        };
        Self(names.into_iter().map(field).collect())
    }

    /// Whether the answer varies on nothing, and so answers every request.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every field has the value in `request` that it had in the request that brought the
    /// answer. Both absent is the same; absent and empty are not.
    #[must_use]
    pub fn matches(&self, request: &dyn RequestFields) -> bool {
        self.differing(request).is_none()
    }

    /// The first field whose value in `request` is another one, and the value that it should have.
    #[must_use]
    pub fn differing(&self, request: &dyn RequestFields) -> Option<(&HeaderName, Option<&[u8]>)> {
        let differs =
            |field: &&Field| normal(&field.name, request).as_deref() != field.value.as_deref();
        let field = self.0.iter().find(differs)?;
        Some((&field.name, field.value.as_deref()))
    }

    /// The names, each with the value that brought the answer; `None`: the request had none.
    pub fn values(&self) -> impl Iterator<Item = (&HeaderName, Option<&[u8]>)> {
        let fields = self.0.iter();
        fields.map(|field| (&field.name, field.value.as_deref()))
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.0.iter().map(|field| &field.name)
    }

    /// Bytes that it takes in memory beside its own size.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.0
            .iter()
            .map(|field| size_of::<Field>() + field.value.as_deref().map_or(0, <[u8]>::len))
            .sum()
    }
}

/// What tells the variants of one request apart, as far as these names go: equal for two requests if
/// and only if they have the same values. Empty without names.
#[must_use]
pub fn discriminator<'n>(
    names: impl Iterator<Item = &'n HeaderName>,
    request: &dyn RequestFields,
) -> Vec<u8> {
    let mut text = Vec::new();
    for name in names {
        // A name holds no control byte, and neither does a value: the borders cannot be forged.
        text.extend_from_slice(name.as_str().as_bytes());
        match normal(name, request) {
            Some(value) => {
                text.push(b'\x01');
                text.extend_from_slice(&value);
            }
            None => text.push(b'\x02'),
        }
        text.push(0);
    }
    text
}

type Normal = SmallVec<[u8; 64]>;

/// Fields whose value is one thing and no list: a comma in them is a comma.
const SINGLE: &[HeaderName] = &[
    header::AUTHORIZATION,
    header::COOKIE,
    header::FROM,
    header::HOST,
    header::ORIGIN,
    header::REFERER,
    header::USER_AGENT,
];

/// The value of a field in a form that is the same for all spellings of one meaning; `None`: absent.
fn normal(name: &HeaderName, request: &dyn RequestFields) -> Option<Normal> {
    let single = SINGLE.contains(name);
    let mut joined: Option<Normal> = None;
    request.each(name, &mut |line| {
        match &mut joined {
            None => joined = Some(Normal::new()),
            // A line break is in no value, so lines of a single-valued field stay apart.
            Some(text) => text.push(if single { b'\n' } else { b',' }),
        }
        if let Some(text) = &mut joined {
            text.extend_from_slice(line.trim_ascii());
        }
    });
    let joined = joined?;
    if single {
        return Some(joined);
    }
    let ranked = *name == header::ACCEPT_ENCODING || *name == header::ACCEPT_LANGUAGE;
    Some(match ranked.then(|| preferences(&joined)).flatten() {
        Some(ranked) => ranked,
        None => without_space_at_commas(&joined),
    })
}

/// White space on both sides of commas goes, but not within quoted strings.
fn without_space_at_commas(text: &[u8]) -> Normal {
    let mut normal = Normal::new();
    let mut quoted = false;
    let mut escaped = false;
    for &byte in text {
        match byte {
            b',' if !quoted => {
                let kept = normal.trim_ascii_end().len();
                normal.truncate(kept);
            }
            b' ' | b'\t' if !quoted && normal.last() == Some(&b',') => continue,
            _ => {}
        }
        if quoted && !escaped && byte == b'\\' {
            escaped = true;
        } else {
            if byte == b'"' && !escaped {
                quoted = !quoted;
            }
            escaped = false;
        }
        normal.push(byte);
    }
    normal
}

/// A list of preferences: lower case, best first, equals by name (RFC 9110 12.4.2: the order of equals
/// means nothing). `None` if it is not one.
fn preferences(text: &[u8]) -> Option<Normal> {
    let mut ranked: SmallVec<[(u16, Normal); 4]> = SmallVec::new();
    for member in text.split(|&byte| byte == b',') {
        let member = member.trim_ascii();
        if member.is_empty() {
            continue;
        }
        let (choice, weight) = match member.iter().position(|&byte| byte == b';') {
            None => (member, 1_000),
            Some(at) => (member[..at].trim_ascii_end(), weight(&member[at + 1..])?),
        };
        let legal = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_*.+".contains(byte);
        if choice.is_empty() || !choice.iter().all(legal) {
            return None;
        }
        ranked.push((weight, choice.to_ascii_lowercase().into()));
    }
    ranked.sort_unstable_by(|(one, a), (other, b)| other.cmp(one).then_with(|| a.cmp(b)));
    ranked.dedup();
    let mut normal = Normal::new();
    for (weight, choice) in ranked {
        if !normal.is_empty() {
            normal.push(b',');
        }
        normal.extend_from_slice(&choice);
        normal.push(b';');
        normal.extend_from_slice(&weight.to_be_bytes());
    }
    Some(normal)
}

/// `q=0.5` in thousandths (RFC 9110 12.4.2).
fn weight(text: &[u8]) -> Option<u16> {
    let text = text.trim_ascii();
    let (name, digits) = text.split_at_checked(2)?;
    if !name.eq_ignore_ascii_case(b"q=") {
        return None;
    }
    let (whole, fraction) = match digits {
        [whole] => (whole, &[][..]),
        [whole, b'.', fraction @ ..] if fraction.len() <= 3 => (whole, fraction),
        _ => return None,
    };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    let mut weight = digit(whole)?;
    for at in 0..3 {
        weight = weight * 10 + fraction.get(at).map_or(Some(0), digit)?;
    }
    (weight <= 1_000).then_some(weight)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn map(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn same(vary: &str, one: &[(&'static str, &str)], other: &[(&'static str, &str)]) -> bool {
        let response = map(&[("vary", vary)]);
        let (one, other) = (map(one), map(other));
        let matches = Selecting::of(&response, &one).matches(&other);
        let selecting = Selecting::of(&response, &one);
        let tell = |request: &HeaderMap| discriminator(selecting.names(), request);
        assert_eq!(matches, tell(&one) == tell(&other), "{vary}");
        matches
    }

    #[test]
    fn rule_8_values_must_be_the_same() {
        type Lines<'a> = &'a [(&'static str, &'a str)];
        let rows: &[(&str, Lines<'_>, Lines<'_>, bool)] = &[
            ("x", &[("x", "1")], &[("x", "1")], true),
            ("x", &[("x", "1")], &[("x", "2")], false),
            ("X", &[("x", "1")], &[("x", "1")], true),
            ("x", &[("x", "a")], &[("x", "A")], false),
            // Both absent is the same; absent is not empty.
            ("x", &[], &[], true),
            ("x", &[("x", "")], &[], false),
            ("x", &[], &[("x", "")], false),
            ("x", &[("x", "1")], &[], false),
            // Every member counts, and only members do.
            (
                "x, y",
                &[("x", "1"), ("y", "1")],
                &[("x", "1"), ("y", "2")],
                false,
            ),
            ("x, y", &[("x", "1")], &[("x", "1"), ("z", "2")], true),
            (" ,x,, y ,", &[("y", "1")], &[("y", "2")], false),
            ("", &[("x", "1")], &[("x", "2")], true),
            // Several lines are one list; space around commas means nothing.
            ("x", &[("x", "1"), ("x", "2")], &[("x", "1, 2")], true),
            ("x", &[("x", "1 ,\t2")], &[("x", "1,2")], true),
            ("x", &[("x", "1, 2")], &[("x", "2, 1")], false),
            ("x", &[("x", "a b")], &[("x", "a  b")], false),
            ("x", &[("x", "\"a, b\"")], &[("x", "\"a,b\"")], false),
            (
                "x",
                &[("x", "\"a\\\", b\"")],
                &[("x", "\"a\\\",b\"")],
                false,
            ),
            ("x", &[("x", "\"a\", b")], &[("x", "\"a\",b")], true),
            // Where a comma is no list, nothing is touched.
            (
                "cookie",
                &[("cookie", "a=1, 2")],
                &[("cookie", "a=1,2")],
                false,
            ),
            (
                "cookie",
                &[("cookie", "a"), ("cookie", "b")],
                &[("cookie", "a,b")],
                false,
            ),
            (
                "user-agent",
                &[("user-agent", "A (x, y)")],
                &[("user-agent", "A (x,y)")],
                false,
            ),
            // Preferences: case, order of equals, spelling of weights.
            (
                "accept-encoding",
                &[("accept-encoding", "gzip, br")],
                &[("accept-encoding", "BR,gzip")],
                true,
            ),
            (
                "accept-encoding",
                &[("accept-encoding", "gzip;q=1.0, br;q=0.5")],
                &[("accept-encoding", "br;Q=0.50,gzip")],
                true,
            ),
            (
                "accept-encoding",
                &[("accept-encoding", "gzip, br;q=0.5")],
                &[("accept-encoding", "gzip;q=0.5, br")],
                false,
            ),
            (
                "accept-encoding",
                &[("accept-encoding", "gzip")],
                &[("accept-encoding", "gzip;q=0")],
                false,
            ),
            ("accept-encoding", &[("accept-encoding", "")], &[], false),
            (
                "accept-language",
                &[("accept-language", "de-DE, en;q=0.7")],
                &[("accept-language", "de-de,en; q=0.7")],
                true,
            ),
            (
                "accept-language",
                &[("accept-language", "de, en")],
                &[("accept-language", "en")],
                false,
            ),
            // What is no list of preferences is compared as it is.
            (
                "accept-encoding",
                &[("accept-encoding", "gzip;q=2, br")],
                &[("accept-encoding", "br,gzip;q=2")],
                false,
            ),
            (
                "accept-encoding",
                &[("accept-encoding", "gzip;q=2 , br")],
                &[("accept-encoding", "gzip;q=2,br")],
                true,
            ),
            // Fields that no list of ours knows are compared as they are, order and all.
            (
                "accept",
                &[("accept", "a/b, c/d")],
                &[("accept", "c/d, a/b")],
                false,
            ),
        ];
        for (vary, one, other, expected) in rows {
            assert_eq!(
                same(vary, one, other),
                *expected,
                "{vary}: {one:?} and {other:?}"
            );
        }
    }

    #[test]
    fn rule_8_lines_of_vary_are_one_list() {
        let response = map(&[("vary", "b, A"), ("vary", "a"), ("vary", "")]);
        let selecting = Selecting::of(&response, &map(&[]));
        assert_eq!(selecting.names().collect::<Vec<_>>(), ["a", "b"]);
        assert!(!selecting.is_empty());
        assert!(Selecting::of(&map(&[]), &map(&[("a", "1")])).is_empty());
    }

    #[test]
    fn rule_1_7_some_answers_match_nothing() {
        for (vary, nothing) in [
            (&["*"][..], true),
            (&["a, *"], true),
            (&["*, a"], true),
            (&["a", "*"], true),
            (&[", ,*,"], true),
            (&["a b"], true),
            (&["\"*\""], true),
            (&["a"], false),
            (&["a*"], false),
            (&[""], false),
            (&[], false),
        ] {
            let lines: Vec<_> = vary.iter().map(|value| ("vary", *value)).collect();
            assert_eq!(matches_nothing(&map(&lines)), nothing, "{vary:?}");
        }
    }

    #[test]
    fn what_is_not_forwarded_selects_nothing() {
        struct Nothing;
        impl RequestFields for Nothing {
            fn each(&self, _: &HeaderName, _: &mut dyn FnMut(&[u8])) {}
        }
        let selecting = Selecting::of(&map(&[("vary", "x")]), &Nothing);
        assert!(selecting.matches(&Nothing));
        assert!(!selecting.matches(&map(&[("x", "1")])));
    }

    proptest! {
        #[test]
        fn an_answer_answers_the_request_that_brought_it(
            vary in "[a-c, ]{0,8}", values in prop::collection::vec(("[a-c]", "[ -~]{0,12}"), 0..4),
        ) {
            let mut request = HeaderMap::new();
            for (name, value) in &values {
                request.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
            }
            let response = map(&[("vary", &vary)]);
            prop_assume!(!matches_nothing(&response));
            prop_assert!(Selecting::of(&response, &request).matches(&request));
        }

        #[test]
        fn preferences_in_any_order_are_the_same(
            mut list in prop::collection::vec(("[a-zA-Z*-]{1,4}", 0..=1_000_u16), 1..5), seed in any::<u64>(),
        ) {
            let text = |list: &[(String, u16)]| {
                let members: Vec<String> = list
                    .iter()
                    .map(|(choice, weight)| format!("{choice};q={}.{:03}", weight / 1_000, weight % 1_000))
                    .collect();
                members.join(", ")
            };
            let one = text(&list);
            let turn = (seed % list.len() as u64) as usize;
            list.rotate_left(turn);
            let other = text(&list);
            prop_assert!(same("accept-language", &[("accept-language", &one)], &[("accept-language", &other)]));
        }
    }
}
