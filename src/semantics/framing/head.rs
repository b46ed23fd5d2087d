//! The head of a request: its first line, its fields, and how its body is delimited.

use http::uri::PathAndQuery;
use http::{Method, Uri};

use super::{Delimiter, Violation, field, token};

/// Bytes of a head, line ends included. What a request may have of them is less
/// (`request::receive::HEAD_BYTES`) and is answered by name; past this nothing more is read.
pub const HEAD_BYTES: usize = 48 * 1_024;
/// Fields of a head.
pub const FIELDS: usize = 100;

/// A head as far as it has been read.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Where the first line begins that has not been judged.
    judged: usize,
    /// Up to where there is no further line end.
    searched: usize,
    line: Line,
    fields: usize,
    length: Option<u64>,
    chunked: bool,
    /// It is of HTTP/1.0.
    old: bool,
}

/// Which line is next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Line {
    #[default]
    First,
    /// One empty line may stand before a request (RFC 9112 section 2.2).
    AfterAnEmptyOne,
    Field,
}

/// A head that is all there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Complete {
    /// Its bytes, the empty line included.
    pub bytes: usize,
    /// What comes after it.
    pub body: Delimiter,
}

impl Head {
    /// Reads on. `bytes` are all of the head so far and whatever came after it; of what was there
    /// before, nothing is read again.
    ///
    /// # Errors
    /// The first thing that is wrong with it, as soon as the line is there that shows it.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Option<Complete>, Violation> {
        loop {
            let found = memchr::memchr(b'\n', &bytes[self.searched..]);
            let end = found.map_or(bytes.len(), |at| self.searched + at);
            if end >= HEAD_BYTES {
                return Err(match self.line {
                    Line::Field => Violation::HeadTooLong,
                    Line::First | Line::AfterAnEmptyOne => Violation::TargetTooLong,
                });
            }
            self.searched = end;
            if found.is_none() {
                return Ok(None);
            }
            let line = bytes[self.judged..end]
                .strip_suffix(b"\r")
                .ok_or(Violation::LineEnd)?;
            self.judged = end + 1;
            self.searched = self.judged;
            match (self.line, line) {
                (Line::First, []) => self.line = Line::AfterAnEmptyOne,
                (Line::First | Line::AfterAnEmptyOne, line) => {
                    self.old = request_line(line)?;
                    self.line = Line::Field;
                }
                (Line::Field, []) => return Ok(Some(self.complete())),
                (Line::Field, line) => self.field(line)?,
            }
        }
    }

    /// Whether its first line was there, and was one.
    #[must_use]
    pub fn has_request_line(&self) -> bool {
        self.line == Line::Field
    }

    fn field(&mut self, line: &[u8]) -> Result<(), Violation> {
        self.fields += 1;
        if self.fields > FIELDS {
            return Err(Violation::TooManyFields);
        }
        let (name, value) = field(line)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.is_some() {
                return Err(Violation::ContentLength);
            }
            self.length = Some(number(value).ok_or(Violation::ContentLength)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || self.old {
                return Err(Violation::TransferEncoding);
            }
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err(match KNOWN.contains(&&*value.to_ascii_lowercase()) {
                    true => Violation::UnknownCoding,
                    false => Violation::TransferEncoding,
                });
            }
            self.chunked = true;
        }
        match self.chunked && self.length.is_some() {
            true => Err(Violation::TwoLengths),
            false => Ok(()),
        }
    }

    fn complete(&self) -> Complete {
        let body = match self.chunked {
            true => Delimiter::Chunked,
            false => Delimiter::Length(self.length.unwrap_or(0)),
        };
        Complete {
            bytes: self.judged,
            body,
        }
    }
}

/// Codings that exist and are not understood here (the IANA registry of transfer codings).
const KNOWN: &[&[u8]] = &[b"compress", b"deflate", b"gzip", b"x-compress", b"x-gzip"];

/// Digits and nothing else, below 2^63: what no reader can take for another number.
pub(super) fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    (number <= i64::MAX as u64).then_some(number)
}

/// Judges a request line; whether it is of HTTP/1.0.
fn request_line(line: &[u8]) -> Result<bool, Violation> {
    let mut words = line.split(|&byte| byte == b' ');
    let (method, target, version) = match (words.next(), words.next(), words.next(), words.next()) {
        (Some(method), Some(target), Some(version), None) => (method, target, version),
        _ => return Err(Violation::RequestLine),
    };
    let old = match version {
        b"HTTP/1.1" => false,
        b"HTTP/1.0" => true,
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            return Err(Violation::Version);
        }
        _ => return Err(Violation::RequestLine),
    };
    if !token(method) {
        return Err(Violation::RequestLine);
    }
    if line.contains(&b'\r') {
        return Err(Violation::LineEnd);
    }
    match is_target(method, target) {
        true => Ok(old),
        false => Err(Violation::Target),
    }
}

/// Whether this is a target (RFC 9112 section 3.2), and one that can be read.
fn is_target(method: &[u8], target: &[u8]) -> bool {
    // Neither blanks nor control bytes nor raw bytes above ASCII; and a fragment is never sent.
    if !target.iter().all(|byte| byte.is_ascii_graphic()) || target.contains(&b'#') {
        return false;
    }
    match target {
        [b'/', ..] if target.iter().all(is_plain) => true,
        [b'/', ..] => PathAndQuery::try_from(target).is_ok(),
        b"*" => method == Method::OPTIONS.as_str().as_bytes(),
        _ if method == Method::CONNECT.as_str().as_bytes() => Uri::try_from(target).is_ok(),
        _ => Uri::try_from(target)
            .is_ok_and(|uri| uri.scheme_str().is_some_and(is_scheme) && uri.authority().is_some()),
    }
}

/// Whether a target may name this scheme; in which of the two it came is the connection's to say.
pub(super) fn is_scheme(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// What stands in paths and queries without any doubt (RFC 3986 sections 3.3 and 3.4).
fn is_plain(byte: &u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' | b'%'
        | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@' | b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Option<Complete>, Violation> {
        Head::default().read(text.as_bytes())
    }

    fn with(lines: &str) -> Result<Option<Complete>, Violation> {
        head(&format!("POST /p HTTP/1.1\r\nHost: a\r\n{lines}\r\n"))
    }

    fn body(lines: &str) -> Result<Delimiter, Violation> {
        with(lines).map(|complete| complete.unwrap().body)
    }

    #[test]
    fn a_body_is_delimited_by_one_length_or_by_chunks() {
        use Delimiter::{Chunked, Length};
        for (lines, expected) in [
            ("", Ok(Length(0))),
            ("Content-Length: 5\r\n", Ok(Length(5))),
            ("content-length:\t 05 \r\n", Ok(Length(5))),
            (
                "Content-Length: 9223372036854775807\r\n",
                Ok(Length(i64::MAX as u64)),
            ),
            ("Transfer-Encoding: chunked\r\n", Ok(Chunked)),
            ("transfer-encoding:Chunked \r\n", Ok(Chunked)),
            (
                "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
                Err(Violation::TwoLengths),
            ),
            (
                "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
                Err(Violation::TwoLengths),
            ),
        ] {
            assert_eq!(body(lines), expected, "{lines:?}");
        }
        for value in [
            "",
            "+5",
            "-5",
            "0x5",
            "5,6",
            "5,5",
            "5, 5",
            "5_0",
            "5 5",
            "5.0",
            "5;",
            "\"5\"",
            "18446744073709551616",
            "9223372036854775808",
            "99999999999999999999",
        ] {
            let lines = format!("Content-Length: {value}\r\n");
            assert_eq!(body(&lines), Err(Violation::ContentLength), "{value:?}");
        }
        let twice = "Content-Length: 5\r\nContent-Length: 5\r\n";
        assert_eq!(body(twice), Err(Violation::ContentLength));
        for value in [
            "",
            "xchunked",
            "identity",
            "chunked;x=1",
            "chunked, chunked",
            "chunked,",
            "\"chunked\"",
            "gzip, chunked",
            "chunked, gzip",
            "cow",
            "chunked chunked",
        ] {
            let lines = format!("Transfer-Encoding: {value}\r\n");
            assert_eq!(body(&lines), Err(Violation::TransferEncoding), "{value:?}");
        }
        assert_eq!(
            body("Transfer-Encoding: gzip\r\n"),
            Err(Violation::UnknownCoding)
        );
        let twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n";
        assert_eq!(body(twice), Err(Violation::TransferEncoding));
        let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(head(old), Err(Violation::TransferEncoding));
    }

    #[test]
    fn a_line_ends_with_crlf_and_has_no_cr_inside() {
        for text in [
            "GET / HTTP/1.1\nHost: a\n\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
            "\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(head(text), Err(Violation::LineEnd), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_a_token_right_before_its_colon_and_a_value_has_no_control_byte() {
        for (line, expected) in [
            ("Transfer-Encoding : chunked", Violation::FieldName),
            ("Content-Length\t: 5", Violation::FieldName),
            (": x", Violation::FieldName),
            ("no colon", Violation::FieldName),
            ("na(me: x", Violation::FieldName),
            ("n\u{e4}me: x", Violation::FieldName),
            ("a\0b: x", Violation::FieldName),
            (" folded", Violation::Fold),
            ("\tfolded: x", Violation::Fold),
            ("a: b\0c", Violation::FieldValue),
            ("a: b\x07", Violation::FieldValue),
            ("a: \x7f", Violation::FieldValue),
            ("Transfer-Encoding: \x0bchunked", Violation::FieldValue),
            ("Content-Length: 5\x0c", Violation::FieldValue),
        ] {
            assert_eq!(with(&format!("{line}\r\n")), Err(expected), "{line:?}");
        }
        for line in [
            "a:",
            "a:b",
            "a: \tb c\t",
            "a: \u{e4}",
            "!#$%&'*+-.^_`|~0aZ: x",
        ] {
            assert!(with(&format!("{line}\r\n")).unwrap().is_some(), "{line:?}");
        }
    }

    #[test]
    fn a_request_line_is_three_words() {
        for (line, expected) in [
            ("GET  / HTTP/1.1", Violation::RequestLine),
            ("GET /  HTTP/1.1", Violation::RequestLine),
            ("GET\t/ HTTP/1.1", Violation::RequestLine),
            ("GET / HTTP/1.1 ", Violation::RequestLine),
            (" GET / HTTP/1.1", Violation::RequestLine),
            ("GET / x HTTP/1.1", Violation::RequestLine),
            ("GET /", Violation::RequestLine),
            ("GET / http/1.1", Violation::RequestLine),
            ("GET / HTTP/1.10", Violation::RequestLine),
            ("G(T / HTTP/1.1", Violation::RequestLine),
            ("GET / HTTP/2.0", Violation::Version),
            ("GET / HTTP/0.9", Violation::Version),
            ("GET / HTTP/1.2", Violation::Version),
            ("GET x HTTP/1.1", Violation::Target),
            ("GET a.test/x HTTP/1.1", Violation::Target),
            ("GET * HTTP/1.1", Violation::Target),
            ("GET /a#b HTTP/1.1", Violation::Target),
            ("GET /\u{e4} HTTP/1.1", Violation::Target),
            ("GET /a\x01 HTTP/1.1", Violation::Target),
            ("GET http:///x HTTP/1.1", Violation::Target),
            ("GET http://[::1/ HTTP/1.1", Violation::Target),
        ] {
            assert_eq!(head(&format!("{line}\r\n\r\n")), Err(expected), "{line:?}");
        }
        for line in [
            "GET / HTTP/1.1",
            "get /a?b=c&d HTTP/1.0",
            "OPTIONS * HTTP/1.1",
            "GET http://a.test/x?y HTTP/1.1",
            "CONNECT a.test:443 HTTP/1.1",
            "PROPFIND //a/../b HTTP/1.1",
            "\r\nGET / HTTP/1.1",
        ] {
            assert!(
                head(&format!("{line}\r\n\r\n")).unwrap().is_some(),
                "{line:?}"
            );
        }
        let two = "\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        assert_eq!(head(two), Err(Violation::RequestLine));
    }

    #[test]
    fn heads_are_bounded() {
        let fields = |count| with(&"a: b\r\n".repeat(count - 1));
        assert!(fields(FIELDS).unwrap().is_some());
        assert_eq!(fields(FIELDS + 1), Err(Violation::TooManyFields));

        let long = |bytes: usize| {
            let (start, end) = ("GET / HTTP/1.1\r\na: ", "\r\n\r\n");
            let value = "b".repeat(bytes - start.len() - end.len());
            head(&format!("{start}{value}{end}"))
        };
        assert_eq!(long(HEAD_BYTES).unwrap().unwrap().bytes, HEAD_BYTES);
        assert_eq!(long(HEAD_BYTES + 1), Err(Violation::HeadTooLong));
        // Also of one that has no end.
        let endless = format!("GET / HTTP/1.1\r\na: {}", "b".repeat(HEAD_BYTES));
        assert_eq!(head(&endless), Err(Violation::HeadTooLong));
        let endless = format!("GET /{}", "b".repeat(HEAD_BYTES));
        assert_eq!(head(&endless), Err(Violation::TargetTooLong));
    }

    #[test]
    fn a_head_may_come_byte_by_byte() {
        let text = b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
        let mut head = Head::default();
        let end = text.len() - 3;
        for length in 0..end {
            assert_eq!(head.read(&text[..length]), Ok(None), "{length}");
        }
        let expected = Complete {
            bytes: end,
            body: Delimiter::Length(3),
        };
        assert_eq!(head.read(&text[..end]), Ok(Some(expected)));
        assert_eq!(Head::default().read(text), Ok(Some(expected)));
    }
}
