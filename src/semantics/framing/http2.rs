//! What a request over HTTP/2 breaks although its parser has let it through.

use http::{HeaderMap, HeaderValue, Uri, header};

use super::head::{is_scheme, number};
use super::{FIELDS, Violation};

/// Judges a request of which a parser of HTTP/2 has seen that its names are lower case, that it has the
/// pseudo-fields it needs, and none that concern a connection (RFC 9113 section 8.2).
///
/// Cookie that came in several lines, as HTTP/2 compresses it best, is one line afterwards: no other protocol
/// has it otherwise (RFC 9113 section 8.2.3).
///
/// # Errors
/// - more than [`FIELDS`];
/// - a value that begins or ends with a blank (RFC 9113 section 8.2.1);
/// - Content-Length that is not one whole decimal number, once (RFC 9110 section 8.6);
/// - a scheme that is not HTTP's (RFC 9113 section 8.3.1).
pub fn http2(uri: &Uri, headers: &mut HeaderMap) -> Result<(), Violation> {
    join_cookies(headers);
    let headers = &*headers;
    if headers.len() > FIELDS {
        return Err(Violation::TooManyFields);
    }
    if !uri.scheme_str().is_none_or(is_scheme) {
        return Err(Violation::Target);
    }
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let mut values = headers.values().map(HeaderValue::as_bytes);
    if values.any(|value| blank(value.first()) || blank(value.last())) {
        return Err(Violation::Blank);
    }
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    match (lengths.next(), lengths.next()) {
        (None, _) => Ok(()),
        (Some(length), None) if number(length.as_bytes()).is_some() => Ok(()),
        _ => Err(Violation::ContentLength),
    }
}

fn join_cookies(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(header::COOKIE).iter();
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else {
        return;
    };
    let mut joined = first.as_bytes().to_vec();
    for line in std::iter::once(second).chain(lines) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(line.as_bytes());
    }
    // Values between ASCII marks are a value.
    if let Ok(joined) = HeaderValue::from_bytes(&joined) {
        headers.insert(header::COOKIE, joined);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn judge(uri: &str, fields: &[(&'static str, &'static str)]) -> Result<(), Violation> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let value = HeaderValue::from_static(value);
            headers.append(HeaderName::from_static(name), value);
        }
        http2(&uri.parse().unwrap(), &mut headers)
    }

    #[test]
    fn what_a_parser_lets_through_is_judged() {
        for (uri, fields, expected) in [
            ("http://a/b", &[("x", "a b"), ("y", "")][..], Ok(())),
            ("HTTPS://a/b", &[("content-length", "5")], Ok(())),
            ("/b", &[("content-length", "05")], Ok(())),
            ("gopher://a/b", &[], Err(Violation::Target)),
            ("http://a/b", &[("x", " a")], Err(Violation::Blank)),
            ("http://a/b", &[("x", "a\t")], Err(Violation::Blank)),
            (
                "/b",
                &[("content-length", "5"), ("content-length", "5")],
                Err(Violation::ContentLength),
            ),
            (
                "/b",
                &[("content-length", "+5")],
                Err(Violation::ContentLength),
            ),
        ] {
            assert_eq!(judge(uri, fields), expected, "{uri} {fields:?}");
        }
    }

    #[test]
    fn cookie_is_one_line() {
        for (lines, joined) in [
            (&["a=1"][..], "a=1"),
            (&["a=1", "b=2; c=3", "d=4"], "a=1; b=2; c=3; d=4"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_static(line));
            }
            http2(&Uri::from_static("/"), &mut headers).unwrap();
            assert_eq!(headers.len(), 1);
            assert_eq!(headers[header::COOKIE], joined);
        }
    }

    #[test]
    fn fields_are_counted_by_lines() {
        assert_eq!(judge("/", &[("x", "1"); FIELDS]), Ok(()));
        let over = judge("/", &[("x", "1"); FIELDS + 1]);
        assert_eq!(over, Err(Violation::TooManyFields));
        assert_eq!(judge("/", &[("cookie", "a=1"); FIELDS + 1]), Ok(()));
    }
}
