//! What a request over HTTP/2 breaks although its parser has let it through.

use http::{HeaderMap, Uri, header};

use super::head::{is_scheme, number};
use super::{FIELDS, Violation};

/// Judges a request of which a parser of HTTP/2 has seen that its names are lower case, that it has the
/// pseudo-fields it needs, and none that concern a connection (RFC 9113 section 8.2).
///
/// # Errors
/// - more than [`FIELDS`];
/// - a value that begins or ends with a blank (RFC 9113 section 8.2.1);
/// - Content-Length that is not one whole decimal number, once (RFC 9110 section 8.6);
/// - a scheme that is not HTTP's (RFC 9113 section 8.3.1).
pub fn http2(uri: &Uri, headers: &HeaderMap) -> Result<(), Violation> {
    if headers.len() > FIELDS {
        return Err(Violation::TooManyFields);
    }
    if !uri.scheme_str().is_none_or(is_scheme) {
        return Err(Violation::Target);
    }
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let mut values = headers.values().map(http::HeaderValue::as_bytes);
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

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn judge(uri: &str, fields: &[(&'static str, &'static str)]) -> Result<(), Violation> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let value = HeaderValue::from_static(value);
            headers.append(HeaderName::from_static(name), value);
        }
        http2(&uri.parse().unwrap(), &headers)
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
    fn fields_are_counted_by_lines() {
        assert_eq!(judge("/", &[("x", "1"); FIELDS]), Ok(()));
        let over = judge("/", &[("x", "1"); FIELDS + 1]);
        assert_eq!(over, Err(Violation::TooManyFields));
    }
}
