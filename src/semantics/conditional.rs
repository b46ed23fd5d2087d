//! Does the viewer hold this response already (RFC 9110 13.2.2, RFC 9111 4.3.2)?
//!
//! For a GET or HEAD that an entry of status 2xx may answer: to any other status the viewer's
//! conditions do not apply (RFC 9110 13.2.1), and the caller must not ask. Preconditions come before
//! Range. If-Match and If-Unmodified-Since are the origin's to judge; they are only recognised here.

use http::{HeaderMap, header};

use super::dates::{self, UnixTime, origin_date};
use super::validators::parse_list;

/// What the viewer's conditions make of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precondition {
    /// Answer in full, or in part if a range is asked for.
    Proceed,
    /// Answer 304 with [`not_modified_fields`].
    NotModified,
}

/// Evaluates If-None-Match, or in its absence If-Modified-Since, against a usable entry that arrived
/// at `received`.
///
/// Entity tags are compared weakly. A date is compared with Last-Modified, else with Date, else with
/// `received`; a condition that is no date, or contradicts itself, is ignored. Does not allocate for a
/// list of one tag.
pub fn evaluate(request: &HeaderMap, stored: &HeaderMap, received: UnixTime) -> Precondition {
    let holds = if request.contains_key(header::IF_NONE_MATCH) {
        let lines = request.get_all(header::IF_NONE_MATCH).iter();
        let tags = parse_list(lines.map(|line| line.as_bytes()));
        tags.is_any()
            || stored
                .get(header::ETAG)
                .is_some_and(|etag| tags.contains_weak(etag.as_bytes()))
    } else {
        dates::field(request, header::IF_MODIFIED_SINCE, received).is_some_and(|since| {
            let modified = dates::field(stored, header::LAST_MODIFIED, received)
                .unwrap_or_else(|| origin_date(stored, received));
            modified <= since
        })
    };
    match holds {
        true => Precondition::NotModified,
        false => Precondition::Proceed,
    }
}

/// Whether the request bears If-Match or If-Unmodified-Since, which only the origin may judge.
pub fn concerns_origin(request: &HeaderMap) -> bool {
    request.contains_key(header::IF_MATCH) || request.contains_key(header::IF_UNMODIFIED_SINCE)
}

/// The stored fields that a 304 carries (RFC 9110 15.4.5), all their lines: Cache-Control,
/// CDN-Cache-Control, Content-Location, Date, ETag, Expires and Vary; Last-Modified only where there
/// is no ETag. Age is the caller's: the stored one tells how old the entry once was.
pub fn not_modified_fields(stored: &HeaderMap) -> HeaderMap {
    let mut fields = HeaderMap::with_capacity(CARRIED.len());
    let unless_tagged = (!stored.contains_key(header::ETAG)).then_some("last-modified");
    for name in CARRIED.iter().copied().chain(unless_tagged) {
        for value in stored.get_all(name) {
            fields.append(header::HeaderName::from_static(name), value.clone());
        }
    }
    fields
}

const CARRIED: &[&str] = &[
    "cache-control",
    "cdn-cache-control",
    "content-location",
    "date",
    "etag",
    "expires",
    "vary",
];

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const RECEIVED: UnixTime = UnixTime::from_secs(1_782_864_000);
    const BEFORE: &str = "Tue, 30 Jun 2026 23:59:59 GMT";
    const AT: &str = "Wed, 01 Jul 2026 00:00:00 GMT";
    const AFTER: &str = "Wed, 01 Jul 2026 00:00:01 GMT";

    fn map(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn not_modified(request: &[(&'static str, &str)], stored: &[(&'static str, &str)]) -> bool {
        evaluate(&map(request), &map(stored), RECEIVED) == Precondition::NotModified
    }

    #[test]
    fn rule_4_1_if_none_match_compares_weakly() {
        for (lines, etag, expected) in [
            (&["\"a\""][..], Some("\"a\""), true),
            (&["W/\"a\""], Some("\"a\""), true),
            (&["\"a\""], Some("W/\"a\""), true),
            (&["\"b\""], Some("\"a\""), false),
            (&["\"b\", \"a\""], Some("\"a\""), true),
            (&["\"b\"", "\"a\""], Some("\"a\""), true),
            (&["\"b,\"a\""], Some("\"a\""), false),
            (&["a"], Some("\"a\""), false),
            (&["\"a\""], Some("a"), false),
            (&["*"], Some("\"a\""), true),
            (&["*"], None, true),
            (&["\"a\", *"], Some("\"b\""), false),
            (&["\"a\""], None, false),
            (&[""], Some("\"a\""), false),
        ] {
            let request: Vec<_> = lines.iter().map(|line| ("if-none-match", *line)).collect();
            let stored: Vec<_> = etag.iter().map(|etag| ("etag", *etag)).collect();
            assert_eq!(
                not_modified(&request, &stored),
                expected,
                "{lines:?} {etag:?}"
            );
        }
    }

    #[test]
    fn rule_4_1_if_modified_since_is_ignored_beside_if_none_match() {
        let stored = [("etag", "\"a\""), ("last-modified", BEFORE)];
        for (tags, since, expected) in [
            ("\"b\"", AFTER, false),
            ("", AFTER, false),
            ("\"a\"", "Tue, 01 Jan 2019 00:00:00 GMT", true),
        ] {
            let request = [("if-none-match", tags), ("if-modified-since", since)];
            assert_eq!(not_modified(&request, &stored), expected, "{tags}");
        }
    }

    #[test]
    fn rule_4_1_if_modified_since() {
        for (since, stored, expected) in [
            (AT, &[("last-modified", AT)][..], true),
            (AFTER, &[("last-modified", AT)], true),
            (BEFORE, &[("last-modified", AT)], false),
            (
                "Wednesday, 01-Jul-26 00:00:00 GMT",
                &[("last-modified", AT)],
                true,
            ),
            ("Wed Jul  1 00:00:00 2026", &[("last-modified", AT)], true),
            (AT, &[("last-modified", "Wed Jul  1 00:00:00 2026")], true),
            ("0", &[("last-modified", AT)], false),
            ("", &[("last-modified", AT)], false),
            ("tomorrow", &[("last-modified", AT)], false),
            // Last-Modified rules even where Date would decide otherwise.
            (BEFORE, &[("last-modified", BEFORE), ("date", AFTER)], true),
            (AT, &[("last-modified", AFTER), ("date", BEFORE)], false),
            // Without it Date, without that the time of receipt.
            (AFTER, &[("date", AFTER)], true),
            (AT, &[("date", AFTER)], false),
            (BEFORE, &[("date", BEFORE)], true),
            (AT, &[], true),
            (BEFORE, &[], false),
            (AT, &[("last-modified", "?"), ("date", AFTER)], false),
        ] {
            let request = [("if-modified-since", since)];
            assert_eq!(
                not_modified(&request, stored),
                expected,
                "{since} {stored:?}"
            );
        }
        let twice = [("if-modified-since", AFTER), ("if-modified-since", BEFORE)];
        assert!(!not_modified(&twice, &[("last-modified", BEFORE)]));
        assert!(!not_modified(
            &[],
            &[("etag", "\"a\""), ("last-modified", AT)]
        ));
    }

    #[test]
    fn rule_4_1_if_match_and_if_unmodified_since_concern_the_origin() {
        for (name, expected) in [
            ("if-match", true),
            ("if-unmodified-since", true),
            ("if-none-match", false),
            ("if-modified-since", false),
            ("if-range", false),
        ] {
            let request = [(name, "\"a\"")];
            assert_eq!(concerns_origin(&map(&request)), expected, "{name}");
        }
        let request = [("if-match", "\"b\""), ("if-unmodified-since", BEFORE)];
        assert!(!not_modified(
            &request,
            &[("etag", "\"a\""), ("last-modified", AT)]
        ));
    }

    #[test]
    fn rule_4_1_the_fields_of_a_304() {
        let carried = [
            ("cache-control", "max-age=60"),
            ("cache-control", "public"),
            ("cdn-cache-control", "max-age=90"),
            ("content-location", "/a"),
            ("date", AT),
            ("etag", "W/\"a\""),
            ("expires", AFTER),
            ("vary", "accept-encoding"),
        ];
        let mut stored = map(&carried);
        for name in [
            "age",
            "content-length",
            "content-type",
            "content-encoding",
            "last-modified",
            "set-cookie",
            "x-custom",
        ] {
            stored.insert(name, HeaderValue::from_static("1"));
        }
        assert_eq!(not_modified_fields(&stored), map(&carried));
        let untagged = [("last-modified", BEFORE), ("date", AT)];
        assert_eq!(not_modified_fields(&map(&untagged)), map(&untagged));
    }
}
