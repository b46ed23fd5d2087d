//! Which fields travel, and what a 304 does to the stored ones.
//!
//! [`strip_hop_by_hop`] removes what concerns one connection only (RFC 9110 7.6.1). Call it *after* a
//! response has been judged: what Connection names must be understood before it goes.
//! [`merge_not_modified`] gives the fields of an entry that the origin confirmed (RFC 9111 3.2, 4.3.4).
//! Neither adds a field: Via, CDN-Loop, Age and a missing Date are the caller's.

use http::header::{self, HeaderMap, HeaderName};

/// The members of a comma-separated field of tokens or numbers, over all its lines, trimmed, empty
/// ones left out (RFC 9110 5.6.1.2). For fields that may hold quoted strings it is the wrong function.
pub fn members(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|line| line.as_bytes().split(|&b| b == b','))
        .map(|member| member.trim_ascii())
        .filter(|member| !member.is_empty())
}

/// Removes Connection and the fields it names, Keep-Alive, Proxy-Connection, TE, Trailer,
/// Transfer-Encoding, Upgrade and the three proxy authentication fields, from either kind of message.
///
/// Connection cannot remove a field that guards whoever reads the message next: routing, loop
/// detection, the meaning of the body, credentials, caching rules. Senders must not name such a field
/// there (RFC 9110 7.6.1), so one that does is attacking, not signalling.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    for name in named_by_connection(headers) {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(*name);
    }
}

/// Whether [`strip_hop_by_hop`] would take this field out. Does not allocate.
pub fn is_hop_by_hop(headers: &HeaderMap, name: &HeaderName) -> bool {
    let text = name.as_str();
    HOP_BY_HOP.contains(&text)
        || (!GUARDED.contains(&text)
            && members(headers, header::CONNECTION)
                .any(|option| option.eq_ignore_ascii_case(text.as_bytes())))
}

/// The fields of a stored response after a 304 (RFC 9111 3.2): every field of the 304 replaces all
/// stored lines of its name, the others stay.
///
/// Never taken from the 304: Content-Length, Content-Range, Content-Encoding, ETag, hop-by-hop fields
/// and what its Connection names. A stored Age or Date that the 304 does not repeat goes: the age is
/// counted anew from this answer (RFC 9111 4.2.3), and a missing Date means the time of receipt,
/// which the caller fills in.
pub fn merge_not_modified(stored: &HeaderMap, update: &HeaderMap) -> HeaderMap {
    let mut merged = stored.clone();
    merged.remove(header::AGE);
    merged.remove(header::DATE);
    let mut update = update.clone();
    strip_hop_by_hop(&mut update);
    for name in update.keys() {
        if KEPT_ON_UPDATE.contains(name) {
            continue;
        }
        merged.remove(name);
        for value in update.get_all(name) {
            merged.append(name, value.clone());
        }
    }
    merged
}

/// A singleton field as found.
pub(super) enum Sole<'a> {
    /// No line.
    Absent,
    /// One line, or several with the same bytes.
    Same(&'a [u8]),
    /// Lines that contradict one another.
    Differing,
}

/// Reads a field that may be given only once (RFC 9110 5.3).
pub(super) fn sole(headers: &HeaderMap, name: HeaderName) -> Sole<'_> {
    let mut lines = headers.get_all(name).iter();
    match lines.next() {
        None => Sole::Absent,
        Some(first) if lines.all(|line| line == first) => Sole::Same(first.as_bytes()),
        Some(_) => Sole::Differing,
    }
}

const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What Connection cannot remove.
const GUARDED: &[&str] = &[
    "age",
    "authorization",
    "cache-control",
    "cdn-cache-control",
    "cdn-loop",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "expires",
    "host",
    "last-modified",
    "vary",
    "via",
];

/// They describe the stored bytes, which a 304 does not bring.
const KEPT_ON_UPDATE: &[HeaderName] = &[
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::ETAG,
];

fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    members(headers, header::CONNECTION)
        // What is no field name names no field.
        .filter_map(|option| HeaderName::from_bytes(option).ok())
        .filter(|name| !GUARDED.contains(&name.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn members_join_lines_and_leave_out_what_is_empty() {
        let headers = map(&[("vary", "a,, b"), ("vary", ""), ("vary", " c\t,")]);
        let found: Vec<&[u8]> = members(&headers, header::VARY).collect();
        assert_eq!(found, [b"a", b"b", b"c"]);
    }

    #[test]
    fn rule_1_stored_fields_are_without_hop_by_hop_ones() {
        let kept = [
            ("cache-control", "max-age=60"),
            ("x-kept", "1"),
            ("x-kept", "2"),
            ("set-cookie", "a=b"),
            ("te-x", "1"),
        ];
        let mut headers = map(&kept);
        for name in [
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authentication-info",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ] {
            headers.append(name, HeaderValue::from_static("x-other"));
            headers.append(name, HeaderValue::from_static("again"));
        }
        headers.insert("connection", HeaderValue::from_static("close"));
        strip_hop_by_hop(&mut headers);
        assert_eq!(headers, map(&kept));
    }

    #[test]
    fn rule_10_what_connection_names_goes_too() {
        let mut headers = map(&[
            ("connection", "close, X-Hop,, ,x-other"),
            ("connection", "X-THIRD, not a name, \"x-kept\""),
            ("x-hop", "1"),
            ("x-hop", "2"),
            ("x-other", "1"),
            ("x-third", "1"),
            ("x-kept", "1"),
        ]);
        strip_hop_by_hop(&mut headers);
        assert_eq!(headers, map(&[("x-kept", "1")]));
    }

    #[test]
    fn rule_10_connection_cannot_remove_what_guards_the_next_reader() {
        for name in [
            "age",
            "authorization",
            "cache-control",
            "cdn-cache-control",
            "cdn-loop",
            "content-encoding",
            "content-length",
            "content-range",
            "content-type",
            "date",
            "etag",
            "expires",
            "host",
            "last-modified",
            "vary",
            "via",
        ] {
            let mut headers = map(&[(name, "x")]);
            headers.insert("connection", HeaderValue::from_static(name));
            strip_hop_by_hop(&mut headers);
            assert_eq!(headers, map(&[(name, "x")]), "{name}");
        }
        let mut framing = map(&[
            ("connection", "transfer-encoding"),
            ("transfer-encoding", "chunked"),
        ]);
        strip_hop_by_hop(&mut framing);
        assert!(framing.is_empty());
    }

    #[test]
    fn rule_4_4_every_field_of_the_304_replaces_all_stored_lines() {
        let stored = map(&[
            ("etag", "\"a\""),
            ("date", "old"),
            ("age", "10"),
            ("cache-control", "max-age=1"),
            ("cache-control", "public"),
            ("expires", "old"),
            ("set-cookie", "old"),
            ("x-custom", "1"),
            ("x-custom", "2"),
            ("x-stays", "yes"),
            ("content-length", "5"),
            ("content-type", "text/plain"),
            ("content-encoding", "gzip"),
        ]);
        let update = map(&[
            ("date", "new"),
            ("age", "3"),
            ("cache-control", "no-store"),
            ("expires", "new"),
            ("set-cookie", "new"),
            ("x-custom", "3"),
            ("x-custom", "4"),
            ("x-new", "1"),
            ("content-type", "text/html"),
        ]);
        assert_eq!(
            merge_not_modified(&stored, &update),
            map(&[
                ("etag", "\"a\""),
                ("date", "new"),
                ("age", "3"),
                ("cache-control", "no-store"),
                ("expires", "new"),
                ("set-cookie", "new"),
                ("x-custom", "3"),
                ("x-custom", "4"),
                ("x-new", "1"),
                ("x-stays", "yes"),
                ("content-length", "5"),
                ("content-type", "text/html"),
                ("content-encoding", "gzip"),
            ])
        );
    }

    #[test]
    fn rule_4_4_what_describes_the_stored_bytes_is_never_updated() {
        let stored = map(&[
            ("date", "d"),
            ("etag", "\"a\""),
            ("content-length", "5"),
            ("content-encoding", "gzip"),
        ]);
        let update = map(&[
            ("date", "d"),
            ("etag", "\"b\""),
            ("content-length", "0"),
            ("content-encoding", "br"),
            ("content-range", "bytes 0-1/2"),
            ("transfer-encoding", "chunked"),
            ("keep-alive", "timeout=5"),
            ("proxy-authenticate", "Basic"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
        ]);
        assert_eq!(merge_not_modified(&stored, &update), stored);
        let without_tag = map(&[("date", "d")]);
        assert_eq!(
            merge_not_modified(&without_tag, &map(&[("date", "d"), ("etag", "\"b\"")])),
            without_tag
        );
    }

    #[test]
    fn rule_4_4_an_old_age_or_date_does_not_outlive_a_304() {
        let stored = map(&[("age", "100"), ("date", "old"), ("x-a", "1")]);
        assert_eq!(
            merge_not_modified(&stored, &HeaderMap::new()),
            map(&[("x-a", "1")])
        );
    }

    #[test]
    fn stored_bytes_above_ascii_survive() {
        let mut stored = HeaderMap::new();
        stored.insert("x-a", HeaderValue::from_bytes(b"caf\xe9").unwrap());
        let merged = merge_not_modified(&stored, &HeaderMap::new());
        assert_eq!(merged["x-a"].as_bytes(), b"caf\xe9");
    }
}
